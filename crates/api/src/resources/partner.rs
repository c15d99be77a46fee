//! The paths of partners.

use steerco_domain::partner::{EndPartner, Partner, ResumePartner, SuspendPartner};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    let mut mounted = whole::<Partner>().verb::<SuspendPartner>().verb::<ResumePartner>().verb::<EndPartner>().done();
    mounted.about.acts = &["preview"];
    mounted
}
