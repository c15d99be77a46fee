//! Exchange rates over gRPC.

use serde_json::{Map, Value};
use steerco_domain::exchange::{Conversion, ConvertedLine};
use steerco_domain::exchange_rate::{ConvertAmounts, ExchangeRate, ImportExchangeRates};
use steerco_domain::input::read_input;
use steerco_domain::{Error, convert_amounts_fields, exchange_rate_fields, import_exchange_rates_fields};
use steerco_proto::v1 as pb;
use steerco_service::{ImportedRates, Outcome, Service};
use tonic::Response;

use super::call::{Call, instant};
use super::macros::resource_service;
use super::serve;
use super::wire::{Scalar, put};

exchange_rate_fields!(resource_service verbs {} others {
    async fn import_exchange_rates(
        &self,
        request: Request<pb::ImportExchangeRatesRequest>,
    ) -> Answer<pb::ImportedExchangeRates> {
        answer(request, |call, body| import(&self.0, call, body)).await
    }
    async fn convert_amounts(&self, request: Request<pb::ConvertAmountsRequest>) -> Answer<pb::Conversion> {
        answer(request, |call, body| convert(&self.0, call, body)).await
    }
});

/// A message as the JSON that the domain reads, one member apart.
macro_rules! body_wire {
    ([$read:ident $request:ident $apart:ident $type:ty] $name:ident { $($field:ident),* }) => {
        fn $read(message: pb::$request) -> (Map<String, Value>, $type) {
            let pb::$request { $($field,)* $apart } = message;
            let map = Map::new();
            $(let map = put(map, stringify!($field), |it: &$name| &it.$field, $field);)*
            (map, $apart)
        }
    };
}
import_exchange_rates_fields!(body_wire read_import ImportExchangeRatesRequest validate_only bool);
convert_amounts_fields!(body_wire read_convert ConvertAmountsRequest as_of Option<prost_types::Timestamp>);

async fn import(
    service: &Service,
    call: Call,
    body: pb::ImportExchangeRatesRequest,
) -> Result<Response<pb::ImportedExchangeRates>, Error> {
    let (body, validate_only) = read_import(body);
    let context = call.context(validate_only, None)?;
    let import: ImportExchangeRates = read_input(&body)?;
    let ImportedRates { created, updated, unchanged, skipped, replayed } =
        service.import_rates(&context, &import).await?;
    let outcome = if created + updated > 0 { Outcome::Updated } else { Outcome::Unchanged };
    let mut response = Response::new(pb::ImportedExchangeRates { created, updated, unchanged, skipped });
    serve::mark(&mut response, outcome, replayed);
    Ok(response)
}

async fn convert(
    service: &Service,
    call: Call,
    body: pb::ConvertAmountsRequest,
) -> Result<Response<pb::Conversion>, Error> {
    let (body, as_of) = read_convert(body);
    let as_of = instant("as_of", as_of)?;
    let wish: ConvertAmounts = read_input(&body)?;
    let found = service.convert(&call.caller, &wish, as_of).await?;
    let Conversion { currency, total, complete, unconverted, lines } = found;
    let line = |line: ConvertedLine| pb::ConvertedLine {
        amount: line.amount.map(|amount| amount.out()),
        rate: line.rate,
        rate_on: line.rate_on.map(|day| day.out()),
    };
    Ok(Response::new(pb::Conversion {
        currency: currency.out(),
        total: total.out(),
        complete,
        unconverted: unconverted.iter().map(Scalar::out).collect(),
        lines: lines.into_iter().map(line).collect(),
    }))
}
