//! Statements of account and scorecards.

use axum::extract::State;
use http::StatusCode;
use steerco_service::ScorecardArgs;

use super::call::Call;
use super::query::Query;
use super::{Rest, params, reply};
use crate::problem::Answer;

pub(crate) async fn get_statement(State(rest): State<Rest>, call: Call) -> Answer {
    let args = call.query(&params::rolling_up())?.read_args();
    let found = rest.service.statement_of_account(&call.caller, call.path("id"), args.as_of).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &found)?)
}

pub(crate) async fn get_invoice_match(State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&Vec::new())?;
    let found = rest.service.invoice_match(&call.caller, call.path("id")).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &found)?)
}

fn args(query: &Query) -> ScorecardArgs {
    ScorecardArgs {
        from: query.day(&params::FROM),
        until: query.day(&params::UNTIL),
        minimum_evidence: query.whole(&params::MINIMUM_EVIDENCE),
        as_of: query.instant(&params::AS_OF),
    }
}

pub(crate) async fn get_engagement_scorecard(State(rest): State<Rest>, call: Call) -> Answer {
    let args = args(&call.query(&params::scoring())?);
    let found = rest.service.engagement_scorecard(&call.caller, call.path("id"), &args).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &found)?)
}

pub(crate) async fn get_partner_scorecard(State(rest): State<Rest>, call: Call) -> Answer {
    let args = args(&call.query(&params::scoring())?);
    let found = rest.service.partner_scorecard(&call.caller, call.path("id"), &args).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &found)?)
}
