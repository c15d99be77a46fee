//! Comments over gRPC.

use steerco_domain::comment::Comment;
use steerco_domain::comment_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

comment_fields!(resource_service verbs {});
