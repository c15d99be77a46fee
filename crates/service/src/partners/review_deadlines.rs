//! Review deadlines: the reviewer is warned before a deadline and, where the contract defines it, a claim that was not
//! reviewed in time counts as accepted from the deadline on, whenever this job runs.

use std::sync::Arc;

use futures::future::BoxFuture;
use steerco_domain::actor::Actor;
use steerco_domain::money::Amount;
use steerco_domain::review::{Review, ReviewClock, ReviewState};
use steerco_domain::{Error, Resource};
use steerco_persistence::{Access, Change, ChangeKind, Conn, Effect, Fail, Job, Plan, ledger, vendor};

use crate::auth::Claims;
use crate::failure::log_job;
use crate::review_case::Case;
use crate::write_context::WriteContext;
use crate::{Caller, Context, Service};

impl Service {
    /// Handles due deadlines; call it about every minute. A failure is logged and tried again.
    pub fn run_deadlines(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            for org in self.inner.database.organisations().await.map_err(Fail::into_error)? {
                let conn = self.inner.database.read(&org).await.map_err(Fail::into_error)?;
                let now = self.inner.clock.now();
                let running = vendor::list_running(&conn, &org, now).await.map_err(Fail::into_error)?;
                conn.close().await.map_err(Fail::into_error)?;
                for review in running {
                    let id = review.id_text();
                    if let Err(error) = self.pass_time(&org, id.clone()).await {
                        log_job(&error, "run_deadlines", &org, &id);
                    }
                }
            }
            Ok(())
        })
    }

    /// Warns of the deadline of a review, or accepts its claim.
    async fn pass_time(&self, org: &str, id: String) -> Result<(), Error> {
        let (service, context) = (self.clone(), Arc::new(system(org)));
        let decide: Job = Arc::new(move |conn| {
            let (service, context, id) = (service.clone(), Arc::clone(&context), id.clone());
            let decided: BoxFuture<'_, Result<Plan, Fail>> =
                Box::pin(async move { service.decide_deadline(conn, &context, &id).await });
            decided
        });
        self.inner.database.transact(org, None, decide).await.map(|_| ())
    }

    async fn decide_deadline(&self, conn: &Conn, context: &Context, id: &str) -> Result<Plan, Fail> {
        let access = Access {
            actor: Actor::system(),
            person: false,
            source_ids: Vec::new(),
            grants: Vec::new(),
            secret_hash: None,
            owned_fields: false,
        };
        let org = context.caller.organisation();
        let write = WriteContext::new(context, conn, Arc::new(access), &self.inner.clock);
        let act = write.act();
        ledger::take_turn(conn, org).await?;
        let found: Option<Review> = vendor::find(conn, org, id).await?;
        let running = |review: &Review| review.clock == ReviewClock::Running && review.state == ReviewState::Open;
        let Some(before) = found.filter(running) else { return Ok(Plan::nothing(act, Box::new(()))) };
        let case = Case::read(&write, &before).await?;
        let mut after = before.clone();
        let action = decide(&write, &case, &mut after).await?;
        if after == before {
            return Ok(Plan::nothing(act, Box::new(())));
        }
        after.revision += 1;
        after.updated_at = write.now;
        let change = Change::new(ChangeKind::Update, Some(&before), &after, action, None);
        write.add(Effect::Change(change));
        Ok(Plan { effects: write.take_effects(), ..Plan::nothing(act, Box::new(())) })
    }
}

async fn decide(write: &WriteContext<'_>, case: &Case, review: &mut Review) -> Result<&'static str, Fail> {
    if review.due_at.is_some_and(|due| due <= write.now) {
        if !case.engagement.deemed_acceptance {
            review.warned_at = review.warned_at.or(Some(write.now));
            return Ok("warn");
        }
        review.deem(write.now)?;
        review.clock = ReviewClock::Ended;
        crate::review_acceptance::accept(write, case, review).await?;
        return Ok("deem");
    }
    if review.warned_at.is_none() && case.term.warns_at(review).is_some_and(|at| at <= write.now) {
        review.warned_at = Some(write.now);
    }
    Ok("warn")
}

/// The service itself, as a caller without a person.
fn system(org: &str) -> Context {
    let claims = Claims {
        issuer: String::new(),
        subject: Actor::system().0,
        client_id: None,
        credential: None,
        jti: None,
        org: org.to_owned(),
        roles: None,
        scope: None,
        partner_id: None,
        program_ids: None,
        expires_at: i64::MAX,
        builtin: true,
        greatest_roles: None,
        allowed_partners: None,
    };
    Context {
        caller: Caller {
            claims: Arc::new(claims),
            signer: None,
            approves: false,
            default_authority: Amount::default(),
            preview: None,
        },
        request_id: "deadline".to_owned(),
        idempotency_key: None,
        if_match: None,
        validate_only: false,
        effective_at: None,
    }
}
