//! The schemas of the roll-up of money.

use steerco_domain::money::{Amount, Currency};
use steerco_domain::time::Day;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::documents::{count, shaped};
use super::vocabulary::{Members, Schemas, described, list, note, object, of, reference, text};

/// Adds them all.
pub(super) fn add(schemas: &mut Schemas) {
    let all = [
        ("FinancialTotal", financial_total()),
        ("FinancialGroup", financial_group()),
        ("UnconvertedTotal", unconverted()),
        ("Explanation", explanation()),
        ("ExplainedEntry", explained_entry()),
        ("MaskedTotal", masked()),
        ("Financials", financials()),
    ];
    schemas.extend(all.map(|(name, schema)| (name.to_owned(), schema.into())));
}

const CONVERTED: &str = "All of it in one currency, where that is asked: each figure is converted exactly and rounded once, half to even \
     at the digits of the currency unless `rounding` says otherwise. What the ledger system itself says in that currency goes before any rate.";
const CONVERTED_GROUP: &str = "All of it in one currency, where that is asked.";
const COMPLETE: &str = "Whether everything is in sight, was delivered and has a rate.";
const UNCONVERTED: &str = "What has no rate, and is in none of the converted figures.";
const MISSING: &str = "Codes of sources that have delivered to these programs and are late by their cadence.";
const MASKED: &str = "What the entries of sensitive cost categories come to, for those who may not see them one by one; with the first \
     page.";
const FORECAST: &str = "The estimate at completion of the forecasts in force: what was spent and accrued before the first period of each, and \
     its estimate to complete from there on (EAC = AC + ETC, bottom-up: Project Management Institute, Practice Standard \
     for Earned Value Management). Absent where no program in sight has a forecast.";
const REQUESTED: &str = "What is requested and not ordered: it binds nothing yet, and no entry of the ledger tells it. Absent where it is not \
     counted. Where it has no rate, `unconverted` tells it among commitments; by day it is converted as of the end of its \
     period.";
const VARIANCE: &str = "Approved less forecast: the variance at completion (VAC = BAC - EAC, same source); below zero, more will be spent \
     than is approved. What is approved for programs without a forecast is in it.";

fn financial_total() -> ObjectBuilder {
    let amounts = [
        ("approved", "What may be spent: the budgets in force with what was transferred, reserves left out."),
        ("contingency", "What is left of contingency."),
        ("management_reserve", "What is left of the management reserve."),
        ("committed", "What is ordered, and neither received nor invoiced."),
        ("accrued", "What is received and not invoiced."),
        ("actual", "What was spent."),
        (
            "available",
            "Approved less committed, accrued and actual; less `requested` where `requests_counted`, and with what is left of \
             the reserves where `reserves_counted`.",
        ),
    ];
    let mut object = object("The financials in one currency.").must("currency", shaped::<Currency>("The currency."));
    for (name, doc) in amounts {
        object = object.must(name, shaped::<Amount>(doc));
    }
    object
        .property("requested", shaped::<Amount>(REQUESTED))
        .property("forecast", shaped::<Amount>(FORECAST))
        .property("variance", shaped::<Amount>(VARIANCE))
        .must("entry_count", count("Entries of the ledger that these come from."))
}

fn financial_group() -> ObjectBuilder {
    object("The financials of one group.")
        .property("key", note("The id or word of the group; absent for what names none."))
        .must("totals", list(reference("FinancialTotal")))
        .property("converted", described(reference("FinancialTotal").into(), CONVERTED_GROUP.to_owned()))
}

fn financials() -> ObjectBuilder {
    let oldest = "When the program to which nothing was posted the longest had its last posting (UTC); absent with `as_of` and of a \
         closed period, to which nothing more is posted.";
    object("What is approved, spent and left of a project, program or portfolio.")
        .must("id", note("The project, program or portfolio."))
        .must("totals", list(reference("FinancialTotal")))
        .must(
            "reserves_counted",
            of(Type::Boolean).description(Some("Whether what is left of the reserves is in `available`.")),
        )
        .must(
            "requests_counted",
            of(Type::Boolean).description(Some("Whether what is requested and not ordered is taken off `available`.")),
        )
        .property("groups", list(reference("FinancialGroup")).description(Some("The same by what was asked for.")))
        .property("converted", described(reference("FinancialTotal").into(), CONVERTED.to_owned()))
        .property(
            "rate_type",
            described(reference("ExchangeRateType").into(), "By which rates it was converted.".to_owned()),
        )
        .must("complete", of(Type::Boolean).description(Some(COMPLETE)))
        .must("unconverted", list(reference("UnconvertedTotal")).description(Some(UNCONVERTED)))
        .must("missing_sources", list(text()).description(Some(MISSING)))
        .must("hidden_count", count("Programs of a portfolio that are out of the caller's sight."))
        .must("programs_without_forecast", count("Programs in sight of which nobody has submitted a forecast."))
        .property("oldest_input_at", super::shape::instant(oldest))
        .property("explanation", reference("Explanation"))
}

fn unconverted() -> ObjectBuilder {
    object("What has no rate.")
        .must("account", reference("LedgerAccount"))
        .must("currency", shaped::<Currency>("Its currency."))
        .must("amount", shaped::<Amount>("How much it is."))
        .must("fiscal_period_ids", list(text()).description(Some("The fiscal periods for which a rate is missing.")))
}

fn explanation() -> ObjectBuilder {
    object("The entries behind figures.")
        .must(
            "entries",
            list(reference("ExplainedEntry")).description(Some("A page of them, in the order of their ids.")),
        )
        .must("masked", list(reference("MaskedTotal")).description(Some(MASKED)))
        .property("next_page_token", note("Token of the next page; absent on the last one."))
}

fn explained_entry() -> ObjectBuilder {
    object("What an entry of the ledger adds to an account.")
        .must("ledger_entry_id", note("The entry."))
        .must("event_id", note("The event of the change that posted it."))
        .must("entry_type", reference("LedgerEntryType"))
        .must("account", reference("LedgerAccount"))
        .must("amount", described(reference("Money").into(), "What it adds, or below zero takes away.".to_owned()))
        .must("posted_on", shaped::<Day>("Its posting date."))
        .must("fiscal_period_id", note("The period it counts in."))
        .property("program_id", note("The program it is of."))
        .property("project_id", note("The project it is of."))
        .property("cost_category_id", note("What kind of cost it is."))
        .property("spend", reference("Spend"))
        .property("document_reference", note("Number of the document."))
        .property("vendor_reference", note("The vendor, as finance calls it."))
        .property("description", note("What finance says of it."))
}

fn masked() -> ObjectBuilder {
    object("What entries of a sensitive cost category come to.")
        .must("cost_category_id", note("The category."))
        .must("account", reference("LedgerAccount"))
        .must("currency", shaped::<Currency>("The currency."))
        .must("amount", shaped::<Amount>("What they come to."))
        .must("entry_count", count("How many they are."))
}
