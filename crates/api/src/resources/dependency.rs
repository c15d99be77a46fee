//! The paths of dependencies.

use steerco_domain::dependency::{AgreeDependency, Dependency, DropDependency, MeetDependency, ReopenDependency};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Dependency>()
        .verb::<AgreeDependency>()
        .verb::<MeetDependency>()
        .verb::<DropDependency>()
        .verb::<ReopenDependency>()
        .done()
}
