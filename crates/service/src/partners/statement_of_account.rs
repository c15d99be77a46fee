//! Statement of account, scorecards and invoice match of engagements.

use futures::future::BoxFuture;
use steerco_domain::access::{Permission, find};
use steerco_domain::commitment::Commitment;
use steerco_domain::engagement::{Engagement, EngagementState};
use steerco_domain::invoice::Invoice;
use steerco_domain::invoice_match::InvoiceMatch;
use steerco_domain::organisation::Organisation;
use steerco_domain::partner::Partner;
use steerco_domain::scorecard::{Facts, MINIMUM_EVIDENCE, Scorecard, Span};
use steerco_domain::statement_of_account::StatementOfAccount;
use steerco_domain::time::{Day, Instant};
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail, account, log};

use crate::operation::{AnswerDoc, Answered, Arguments, Operation, Under};
use crate::parameter::{AS_OF, FROM, MINIMUM_EVIDENCE as MINIMUM_EVIDENCE_WANTED, Parameter, UNTIL};
use crate::read::{check_id, resolve_id};
use crate::{Caller, Service};

const READ_ENGAGEMENT: &Permission = find("engagement", "read");
const READ_INVOICE: &Permission = find("invoice", "read");
const READ_COMMITMENT: &Permission = find("commitment", "read");
const READ_LEDGER: &Permission = find("ledger_entry", "read");
const READ_PARTNER: &Permission = find("partner", "read");

/// Arguments of a scorecard.
#[derive(Clone, Debug, Default)]
pub struct ScorecardArgs {
    /// First day to include; all earlier days when absent.
    pub from: Option<Day>,
    /// Last day to include; today when absent.
    pub until: Option<Day>,
    /// Number of facts that a score requires.
    pub minimum_evidence: Option<i64>,
    /// The facts as known at this instant; now when absent.
    pub as_of: Option<Instant>,
}

const SCORECARD: &str = "Computed from facts: milestones reached on time, first claims accepted, delay against \
    promised days, service levels met, and growth of the contract value. Each figure has the number of its facts; the \
    score is the weighted mean of the measured figures. Where there are too few facts, the score is absent and \
    `reason` is given. The registry of metrics defines the figures.";
static SCORING: &[&Parameter] = &[&AS_OF, &FROM, &UNTIL, &MINIMUM_EVIDENCE_WANTED];

fn scorecard_args(arguments: &mut Arguments) -> ScorecardArgs {
    ScorecardArgs {
        from: arguments.day(&FROM),
        until: arguments.day(&UNTIL),
        minimum_evidence: arguments.whole(&MINIMUM_EVIDENCE_WANTED),
        as_of: arguments.instant(&AS_OF),
    }
}

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "get_statement_of_account",
        service: Engagement::KIND.title,
        permission: Some(READ_ENGAGEMENT),
        path: "/v1/engagements/{id}/statement-of-account",
        under: Under::Kind(Engagement::KIND),
        summary: "Get the statement of account of an engagement",
        doc: "The agreed, accepted, charged and paid amounts, entry by entry, with the balance owed after each entry, \
              and the open disputes. The partner and the organisation see the same numbers.",
        parameters: &[&AS_OF],
        answer: AnswerDoc::value::<StatementOfAccount>("The statement."),
        refusals: &[404],
        ..Operation::get(|service, context, mut arguments| {
            let (id, as_of) = (arguments.id(), arguments.instant(&AS_OF));
            Box::pin(async move { Ok(Answered::of(service.statement_of_account(&context.caller, &id, as_of).await?)) })
        })
    },
    Operation {
        id: "get_engagement_scorecard",
        service: Engagement::KIND.title,
        permission: Some(READ_ENGAGEMENT),
        path: "/v1/engagements/{id}/scorecard",
        under: Under::Kind(Engagement::KIND),
        summary: "Get the scorecard of an engagement",
        doc: SCORECARD,
        parameters: SCORING,
        answer: AnswerDoc::value::<Scorecard>("The scorecard."),
        refusals: &[404],
        ..Operation::get(|service, context, mut arguments| {
            let (id, args) = (arguments.id(), scorecard_args(&mut arguments));
            Box::pin(async move { Ok(Answered::of(service.engagement_scorecard(&context.caller, &id, &args).await?)) })
        })
    },
    Operation {
        id: "get_partner_scorecard",
        service: Partner::KIND.title,
        permission: Some(READ_PARTNER),
        path: "/v1/partners/{id}/scorecard",
        under: Under::Kind(Partner::KIND),
        summary: "Get the scorecard of a partner",
        doc: SCORECARD,
        parameters: SCORING,
        answer: AnswerDoc::value::<Scorecard>("The scorecard."),
        refusals: &[404],
        ..Operation::get(|service, context, mut arguments| {
            let (id, args) = (arguments.id(), scorecard_args(&mut arguments));
            Box::pin(async move { Ok(Answered::of(service.partner_scorecard(&context.caller, &id, &args).await?)) })
        })
    },
    Operation {
        id: "get_invoice_match",
        service: Invoice::KIND.title,
        permission: Some(READ_LEDGER),
        path: "/v1/invoices/{id}/match",
        under: Under::Kind(Invoice::KIND),
        summary: "Get the match of an invoice with the books",
        doc: "The commitment of its purchase order line, and the costs that finance posted with its number \
              (`invoice_reference`, or else `document_reference`), with the difference between posted and charged \
              amounts. Requires permission to read the ledger.",
        answer: AnswerDoc::value::<InvoiceMatch>("The match."),
        refusals: &[404],
        ..Operation::get(|service, context, mut arguments| {
            Box::pin(async move { Ok(Answered::of(service.invoice_match(&context.caller, &arguments.id()).await?)) })
        })
    },
];

impl Service {
    /// Agreed, accepted, charged and paid amounts of an engagement, and disputes; with `as_of` as known then.
    pub fn statement_of_account<'a>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
        as_of: Option<Instant>,
    ) -> BoxFuture<'a, Result<StatementOfAccount, Error>> {
        Box::pin(async move {
            check_id(Engagement::KIND, id)?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = self.statement_in(&conn, caller, id, as_of).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    /// An invoice with its commitment and the costs that finance posted for it. Requires permission to read the ledger.
    pub fn invoice_match<'a>(&'a self, caller: &'a Caller, id: &'a str) -> BoxFuture<'a, Result<InvoiceMatch, Error>> {
        Box::pin(async move {
            check_id(Invoice::KIND, id)?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = async {
                let (_, ledger) = self.authorise(&conn, caller, READ_LEDGER).await?;
                let (_, commitments) = self.authorise(&conn, caller, READ_COMMITMENT).await?;
                let (_, scope) = self.authorise(&conn, caller, READ_INVOICE).await?;
                let id = &*resolve_id(Invoice::KIND, &conn, &scope, id).await?;
                let invoice = query::find::<Invoice>(&conn, &scope, id, Moment::Now).await?;
                let invoice = invoice.ok_or_else(|| Error::not_found(Invoice::KIND.name))?;
                let commitment: Option<Commitment> = match invoice.commitment_id {
                    Some(id) => query::find(&conn, &commitments, &id.to_string(), Moment::Now).await?,
                    None => None,
                };
                let engagement = invoice.engagement_id.to_string();
                let entries = account::list_entries(&conn, &ledger, &engagement, (id, invoice.number.as_str())).await?;
                Ok::<_, Fail>(InvoiceMatch::new(&invoice, commitment.as_ref(), &entries)?)
            };
            let found = found.await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    async fn statement_in(
        &self,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        as_of: Option<Instant>,
    ) -> Result<StatementOfAccount, Fail> {
        let org = caller.organisation();
        let known = known(conn, org, as_of).await?;
        let engagement = self.engagement_in(conn, caller, id, known).await?;
        let zone = query::find_text(conn, org, Organisation::KIND, org, "time_zone").await?;
        let today = engagement.day_of(as_of.unwrap_or_else(|| self.inner.clock.now()), zone.as_deref());
        let account = account::read(conn, org, engagement, known).await?;
        Ok(StatementOfAccount::new(&account, today)?)
    }

    async fn engagement_in(
        &self,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        known: Option<i64>,
    ) -> Result<Engagement, Fail> {
        let (_, scope) = self.authorise(conn, caller, READ_ENGAGEMENT).await?;
        let id = &*resolve_id(Engagement::KIND, conn, &scope, id).await?;
        let found = query::find::<Engagement>(conn, &scope, id, moment(known)).await?;
        Ok(found.ok_or_else(|| Error::not_found(Engagement::KIND.name))?)
    }

    /// The performance of a partner in one engagement.
    pub fn engagement_scorecard<'a>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
        args: &'a ScorecardArgs,
    ) -> BoxFuture<'a, Result<Scorecard, Error>> {
        Box::pin(async move {
            check_id(Engagement::KIND, id)?;
            let span = self.span(args)?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = async {
                let known = known(&conn, caller.organisation(), args.as_of).await?;
                let engagement = self.engagement_in(&conn, caller, id, known).await?;
                let (partner, id) = (engagement.partner_id, engagement.id);
                let facts = facts(&conn, caller.organisation(), vec![engagement], known).await?;
                Ok::<_, Fail>(Scorecard::new(partner, Some(id), &facts, span)?)
            };
            let found = found.await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    /// The performance of a partner in all engagements that are visible to the caller.
    pub fn partner_scorecard<'a>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
        args: &'a ScorecardArgs,
    ) -> BoxFuture<'a, Result<Scorecard, Error>> {
        Box::pin(async move {
            check_id(Partner::KIND, id)?;
            let span = self.span(args)?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found =
                self.partner_scorecard_in(&conn, caller, id, (span, args.as_of)).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    async fn partner_scorecard_in(
        &self,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        (span, as_of): (Span, Option<Instant>),
    ) -> Result<Scorecard, Fail> {
        let known = known(conn, caller.organisation(), as_of).await?;
        let (_, scope) = self.authorise(conn, caller, READ_PARTNER).await?;
        let id = &*resolve_id(Partner::KIND, conn, &scope, id).await?;
        let partner = query::find::<Partner>(conn, &scope, id, moment(known)).await?;
        let partner = partner.ok_or_else(|| Error::not_found(Partner::KIND.name))?;
        let (_, scope) = self.authorise(conn, caller, READ_ENGAGEMENT).await?;
        let mut engagements = account::list_engagements(conn, &scope, id, moment(known)).await?;
        engagements.retain(|engagement| engagement.state != EngagementState::Draft);
        let all = account::count_engagements(conn, caller.organisation(), id, known).await?;
        // A partner sees all of its own engagements, so the number of hidden ones is not returned to it.
        let hidden = all - i64::try_from(engagements.len()).unwrap_or(i64::MAX);
        let facts = facts(conn, caller.organisation(), engagements, known).await?;
        let mut card = Scorecard::new(partner.id, None, &facts, span)?;
        card.hidden_count = i32::try_from(hidden).unwrap_or(i32::MAX);
        Ok(card)
    }

    fn span(&self, args: &ScorecardArgs) -> Result<Span, Error> {
        let today = args.as_of.unwrap_or_else(|| self.inner.clock.now()).day();
        let until = args.until.unwrap_or(today);
        if args.from.is_some_and(|from| until < from) {
            return Err(Error::fault("?until_on", "OUT_OF_ORDER", "must not be before from_on"));
        }
        let minimum_evidence = args.minimum_evidence.unwrap_or(MINIMUM_EVIDENCE);
        if !(1..=1000).contains(&minimum_evidence) {
            return Err(Error::new(Reason::Invalid, "minimum_evidence must be a whole number from 1 to 1000"));
        }
        Ok(Span { from: args.from, until, today, minimum_evidence })
    }
}

/// The last log entry at an instant; none for now.
async fn known(conn: &Conn, org: &str, as_of: Option<Instant>) -> Result<Option<i64>, Fail> {
    match as_of {
        Some(at) => log::seq_at(conn, org, at).await.map(Some),
        None => Ok(None),
    }
}

fn moment(known: Option<i64>) -> Moment {
    known.map_or(Moment::Now, |seq| Moment::Known { seq })
}

async fn facts(conn: &Conn, org: &str, engagements: Vec<Engagement>, known: Option<i64>) -> Result<Vec<Facts>, Fail> {
    let mut facts = Vec::with_capacity(engagements.len());
    for engagement in engagements {
        let id = engagement.id.to_string();
        facts.push(Facts {
            milestones: account::list(conn, org, &id, known).await?,
            claims: account::list(conn, org, &id, known).await?,
            reviews: account::list(conn, org, &id, known).await?,
            measurements: account::list(conn, org, &id, known).await?,
            engagement,
        });
    }
    Ok(facts)
}
