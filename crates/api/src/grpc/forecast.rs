//! Forecasts over gRPC.

use steerco_domain::forecast::{Forecast, SubmitForecast};
use steerco_domain::{forecast_fields, submit_forecast_fields};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

forecast_fields!(resource_service verbs { submit_forecast SubmitForecast });
submit_forecast_fields!(verb_wire SubmitForecastRequest);
