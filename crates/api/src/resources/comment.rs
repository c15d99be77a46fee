//! The paths of comments.

use steerco_domain::comment::Comment;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Comment>().done()
}
