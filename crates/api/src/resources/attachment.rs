//! The paths of attachments.

use steerco_domain::attachment::Attachment;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Attachment>().content().done()
}
