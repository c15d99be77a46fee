//! The operations on exchange rates.

use serde_json::{Value, json};
use steerco_domain::Resource;
use steerco_domain::exchange_rate::{CONVERT_MAX, ConvertAmounts, ExchangeRate, ImportExchangeRates};
use steerco_domain::input::Input;
use steerco_domain::money::{Amount, Currency};
use steerco_domain::time::Day;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::answers::answer;
use super::documents::{count, shaped};
use super::operation::{Access, Operation, body};
use super::parameters::{of as parameters, of_feed, shared};
use super::resources::{WRITE, with_body};
use super::shape::input;
use super::vocabulary::{Members, Schemas, list, note, object, of, reference, text};
use crate::rest::{JSON, params};

/// All of them, with their schemas.
pub(super) fn operations(schemas: &mut Schemas) -> Vec<Operation> {
    let import = input(ImportExchangeRates::DOC, ImportExchangeRates::FIELDS.iter(), schemas);
    let convert = input(ConvertAmounts::DOC, ConvertAmounts::FIELDS.iter(), schemas);
    let made = [
        ("ImportExchangeRates", import),
        ("ImportedExchangeRates", imported()),
        ("ConvertAmounts", convert),
        ("ConvertedLine", line()),
        ("Conversion", conversion()),
    ];
    schemas.extend(made.map(|(name, schema)| (name.to_owned(), schema.into())));
    vec![import_rates(), convert_amounts()]
}

fn imported() -> ObjectBuilder {
    object("What became of a file of rates.")
        .must("created", count("Rates that are new."))
        .must("updated", count("Rates that differed."))
        .must("unchanged", count("Rates that were there."))
        .must("skipped", list(text()).description(Some("Headings that are no currency of ISO 4217 now.")))
}

fn line() -> ObjectBuilder {
    object("One amount converted; nothing where there is no rate.")
        .property("amount", shaped::<Amount>("What it comes to, rounded at the digits of the currency."))
        .property("rate", note("Units of the currency wanted for one of the line's, to twelve decimals."))
        .property("rate_on", shaped::<Day>("The day of the rate; of a mean the last one of the period."))
}

fn conversion() -> ObjectBuilder {
    let complete = of(Type::Boolean).description(Some("Whether every amount has a rate."));
    object("Amounts converted, in their order.")
        .must("currency", shaped::<Currency>("The currency wanted."))
        .must("total", shaped::<Amount>("The sum of the unrounded lines, rounded once."))
        .must("complete", complete)
        .must("unconverted", list(reference("CurrencyTotal")).description(Some("Sums that have no rate.")))
        .must("lines", list(reference("ConvertedLine")).max_items(Some(CONVERT_MAX)))
}

fn start(below: &str, id: &str, action: &str, schema: &str, example: &Value) -> Operation {
    Operation {
        method: HttpMethod::Post,
        path: format!("/v1/exchange-rates/{below}"),
        id: id.to_owned(),
        tag: ExchangeRate::KIND.path(),
        summary: String::new(),
        description: String::new(),
        access: Access::of(ExchangeRate::KIND.name, action),
        parameters: Vec::new(),
        body: Some(body(JSON, schema, example, true)),
        answers: Vec::new(),
        refusals: with_body(&[]),
    }
}

fn import_rates() -> Operation {
    let example = json!({"document": "Date,USD,GBP\n2016-06-24,1.1066,0.8075\n", "source_reference": "ECB"});
    let mut of_write = shared(&["idempotency_key"]);
    of_write.extend(parameters(ExchangeRate::KIND, &params::writing(ExchangeRate::KIND)));
    let done = answer(
        "What became of the file.",
        "application/json",
        reference("ImportedExchangeRates"),
        &["outcome", "replayed"],
    );
    Operation {
        summary: "Import reference rates of the European Central Bank".to_owned(),
        description:
            "As spot rates of the euro, all or none, up to 1000 at once: narrow `from`, `until` or `currencies`. A \
                      rate that is there already stays as it is, or gets a new version where it differs."
                .to_owned(),
        parameters: of_write,
        answers: vec![(200, done)],
        refusals: with_body(&WRITE),
        ..start("import", "import_exchange_rates", "import", "ImportExchangeRates", &example)
    }
}

fn convert_amounts() -> Operation {
    let example = json!({
        "to": "EUR", "rate_type": "spot",
        "lines": [{"on": "2016-06-25", "amount": {"amount": "80000", "currency": "USD"}}],
    });
    Operation {
        summary: "Convert amounts".to_owned(),
        description: "Changes nothing. `spot` and `budget` take the last rate on or before the day of the line, `average` and \
                      `period_end` the stored rate of the period, else what the spot rates of its days tell: the mean rate, \
                      and the last one. A pair that is not quoted is found the other way round, or through one currency. A \
                      missing rate leaves an amount in `unconverted`."
            .to_owned(),
        parameters: of_feed(&params::rolling_up()),
        answers: vec![(200, answer("The amounts.", "application/json", reference("Conversion"), &[]))],
        ..start("convert", "convert_amounts", "read", "ConvertAmounts", &example)
    }
}
