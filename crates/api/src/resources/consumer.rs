//! The paths of consumers of the feed.

use axum::routing::{get, post};
use steerco_domain::consumer::{AcknowledgeConsumer, Consumer, ReplayConsumer};

use crate::rest::consumers;
use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    let mut mounted = whole::<Consumer>()
        .act::<AcknowledgeConsumer>(post(consumers::acknowledge), None)
        .act::<ReplayConsumer>(post(consumers::replay), None)
        .done();
    mounted.routes = mounted.routes.route("/v1/consumers/{id}/position", get(consumers::get_position));
    mounted
}
