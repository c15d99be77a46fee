//! Dependencies over gRPC.

use steerco_domain::dependency::{AgreeDependency, Dependency, DropDependency, MeetDependency, ReopenDependency};
use steerco_domain::{
    agree_dependency_fields, dependency_fields, drop_dependency_fields, meet_dependency_fields,
    reopen_dependency_fields,
};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

dependency_fields!(resource_service verbs { agree_dependency AgreeDependency, meet_dependency MeetDependency, drop_dependency DropDependency, reopen_dependency ReopenDependency });
agree_dependency_fields!(verb_wire AgreeDependencyRequest);
meet_dependency_fields!(verb_wire MeetDependencyRequest);
drop_dependency_fields!(verb_wire DropDependencyRequest);
reopen_dependency_fields!(verb_wire ReopenDependencyRequest);
