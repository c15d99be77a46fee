//! The paths of accounts at trusted issuers.

use steerco_domain::principal::{DisablePrincipal, EnablePrincipal, Principal};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Principal>().verb::<DisablePrincipal>().verb::<EnablePrincipal>().done()
}
