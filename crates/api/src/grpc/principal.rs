//! Principals over gRPC.

use steerco_domain::principal::{DisablePrincipal, EnablePrincipal, Principal};
use steerco_domain::{disable_principal_fields, enable_principal_fields, principal_fields};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

principal_fields!(resource_service verbs { disable_principal DisablePrincipal, enable_principal EnablePrincipal });
disable_principal_fields!(verb_wire DisablePrincipalRequest);
enable_principal_fields!(verb_wire EnablePrincipalRequest);
