//! The paths of exchange rates.

use steerco_domain::exchange_rate::ExchangeRate;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<ExchangeRate>().done()
}
