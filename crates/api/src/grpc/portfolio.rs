//! Portfolios over gRPC.

use steerco_domain::portfolio::Portfolio;
use steerco_domain::portfolio_fields;
use steerco_proto::v1 as pb;

use super::financials::financials;
use super::macros::resource_service;
use super::serve::progress;

portfolio_fields!(resource_service verbs {} others {
    async fn get_portfolio_progress(&self, request: Request<pb::GetProgressRequest>) -> Answer<pb::Progress> {
        answer(request, |call, body| progress::<Portfolio>(&self.0, call, body)).await
    }
    async fn get_portfolio_financials(&self, request: Request<pb::GetFinancialsRequest>) -> Answer<pb::Financials> {
        answer(request, |call, body| financials::<Portfolio>(&self.0, call, body)).await
    }
});
