//! The paths of forecasts.

use steerco_domain::forecast::{Forecast, SubmitForecast};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Forecast>().verb::<SubmitForecast>().done()
}
