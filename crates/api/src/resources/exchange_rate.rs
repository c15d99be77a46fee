//! The paths of exchange rates.

use axum::routing::post;
use steerco_domain::exchange_rate::ExchangeRate;

use crate::rest::exchange;
use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    let mut mounted = whole::<ExchangeRate>().done();
    mounted.about.acts = &["import"];
    mounted.routes = mounted
        .routes
        .route("/v1/exchange-rates/import", post(exchange::import))
        .route("/v1/exchange-rates/convert", post(exchange::convert));
    mounted
}
