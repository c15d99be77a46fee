//! The paths of programs.

use steerco_domain::program::{ActivateProgram, CancelProgram, CompleteProgram, HoldProgram, Program};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Program>()
        .verb::<ActivateProgram>()
        .verb::<HoldProgram>()
        .verb::<CompleteProgram>()
        .verb::<CancelProgram>()
        .done()
}
