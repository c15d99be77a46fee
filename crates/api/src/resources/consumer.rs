//! The paths of consumers of the feed.

use axum::routing::post;
use steerco_domain::consumer::{AcknowledgeConsumer, Consumer, ReplayConsumer};

use crate::rest::consumers;
use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Consumer>()
        .act::<AcknowledgeConsumer>(post(consumers::acknowledge), None)
        .act::<ReplayConsumer>(post(consumers::replay), None)
        .done()
}
