//! Calendar feeds over gRPC.

use steerco_domain::Error;
use steerco_domain::calendar_feed::{CalendarFeed, RevokeCalendarFeed};
use steerco_domain::{calendar_feed_fields, revoke_calendar_feed_fields};
use steerco_proto::v1 as pb;
use steerco_service::Service;
use tonic::Response;

use super::call::Call;
use super::macros::{resource_service, resource_wire, verb_wire, own_verb_wire};
use super::serve::written;

calendar_feed_fields!(resource_wire);
calendar_feed_fields!(resource_service verbs { revoke_calendar_feed RevokeCalendarFeed } others {
    async fn issue_address_calendar_feed(
        &self,
        request: Request<pb::IssueAddressCalendarFeedRequest>,
    ) -> Answer<Issued> {
        answer(request, |call, body| issue_address(&self.0, call, body)).await
    }
});
revoke_calendar_feed_fields!(verb_wire RevokeCalendarFeedRequest);

type Issued = pb::IssueAddressCalendarFeedResponse;

async fn issue_address(
    service: &Service,
    call: Call,
    body: pb::IssueAddressCalendarFeedRequest,
) -> Result<Response<Issued>, Error> {
    let pb::IssueAddressCalendarFeedRequest { id, validate_only } = body;
    let context = call.context(validate_only, None)?;
    let (feed, path) = service.issue_address(&context, &id).await?;
    let address = path.map(|path| format!("{}{path}", service.issuer()));
    Ok(written::<CalendarFeed>(&feed)?.map(|feed| Issued { calendar_feed: Some(feed), address }))
}
