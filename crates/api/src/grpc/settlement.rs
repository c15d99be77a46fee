//! Statements of account and scorecards over gRPC.

use steerco_domain::Error;
use steerco_domain::error::Fault;
use steerco_domain::time::Day;
use steerco_proto::v1 as pb;
use steerco_service::{ScorecardArgs, Service};
use tonic::Response;

use super::call::{Call, instant};
use super::wire::Scalar;

type Served<T> = Result<Response<T>, Error>;

pub(super) async fn statement(
    service: &Service,
    call: Call,
    body: pb::GetStatementOfAccountRequest,
) -> Served<pb::StatementOfAccount> {
    let as_of = instant("as_of", body.as_of)?;
    Ok(Response::new(service.statement_of_account(&call.caller, &body.id, as_of).await?.out()))
}

pub(super) async fn invoice_match(
    service: &Service,
    call: Call,
    body: pb::GetInvoiceMatchRequest,
) -> Served<pb::InvoiceMatch> {
    Ok(Response::new(service.invoice_match(&call.caller, &body.id).await?.out()))
}

pub(super) async fn of_engagement(
    service: &Service,
    call: Call,
    body: pb::GetScorecardRequest,
) -> Served<pb::Scorecard> {
    let args = args(&body)?;
    Ok(Response::new(service.engagement_scorecard(&call.caller, &body.id, &args).await?.out()))
}

pub(super) async fn of_partner(service: &Service, call: Call, body: pb::GetScorecardRequest) -> Served<pb::Scorecard> {
    let args = args(&body)?;
    Ok(Response::new(service.partner_scorecard(&call.caller, &body.id, &args).await?.out()))
}

fn args(body: &pb::GetScorecardRequest) -> Result<ScorecardArgs, Error> {
    let mut faults = Vec::new();
    let mut day = |name: &str, text: Option<&str>| {
        let day = Day::parse(text.filter(|text| !text.is_empty())?);
        if day.is_none() {
            faults.push(Fault::new(name, "BAD_DAY", Day::MUST));
        }
        day
    };
    let (from, until) = (day("?from_on", body.from_on.as_deref()), day("?until_on", body.until_on.as_deref()));
    let minimum_evidence = body.minimum_evidence.map(i64::from);
    if minimum_evidence.is_some_and(|least| !(1..=1000).contains(&least)) {
        faults.push(Fault::new("?minimum_evidence", "OUT_OF_RANGE", "must be a whole number from 1 to 1000"));
    }
    let as_of = instant("as_of", body.as_of).map_err(|error| faults.extend(error.faults)).ok().flatten();
    if faults.is_empty() {
        Ok(ScorecardArgs { from, until, minimum_evidence, as_of })
    } else {
        Err(Error::invalid(faults))
    }
}
