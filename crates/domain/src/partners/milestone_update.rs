//! Milestone updates: claims of a partner about a milestone.

use steerco_derive::{input, resource, words};

use crate::attachment::Attachment;
use crate::claimed::{Claim, Decision};
use crate::engagement::Engagement;
use crate::error::{Error, Fault};
use crate::field::Long;
use crate::id::Id;
use crate::milestone::Milestone;
use crate::partner::Partner;
use crate::program::Program;
use crate::ratio::Ratio;
use crate::resource::{Place, Rules, Verb};
use crate::state::States;
use crate::text::{Code, Text};
use crate::time::{Day, Instant};

/// A claim of a partner about a milestone of its engagement: its progress, its expected day, the criteria met and the
/// evidence. A claim is not a fact: nothing is earned or payable before a review accepts it. It never changes. Until it is
/// decided it can be withdrawn, or another claim can supersede it.
#[resource(
    prefix = "mupd",
    plural = "milestone_updates",
    scope = "InEngagement",
    reach = "Posted",
    verbs(WithdrawMilestoneUpdate)
)]
pub struct MilestoneUpdate {
    /// The milestone, which belongs to an engagement in force.
    #[field(create, filter, parent)]
    pub milestone_id: Id<Milestone>,
    /// The engagement of that milestone.
    #[field(inherited, filter)]
    pub engagement_id: Option<Id<Engagement>>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// The program of the deliverable of that milestone.
    #[field(inherited, filter)]
    pub program_id: Option<Id<Program>>,
    /// Total share done, from 0 to 1; not less than the share already accepted.
    #[field(create, filter)]
    pub percent: Ratio,
    /// The day on which the partner expects to reach the milestone.
    #[field(create, filter)]
    pub forecast_on: Option<Day>,
    /// Description of the work done.
    #[field(create)]
    pub narrative: Option<Text<4000>>,
    /// Keys of the acceptance criteria that the partner claims are met.
    #[field(create)]
    pub criteria_claimed: Vec<Code>,
    /// Evidence for the claim.
    #[field(create)]
    pub evidence: Vec<Evidence>,
    /// The claim that this one supersedes: a claim of the same milestone that waits for its review.
    #[field(create, filter)]
    pub supersedes_id: Option<Id<MilestoneUpdate>>,
    /// Number among the claims of the milestone, from 1.
    #[field(filter)]
    pub number: i32,
    /// Number of earlier reviews of the milestone that did not accept everything claimed; 0 in a first submission.
    #[field(filter)]
    pub resubmission: i32,
    /// State of the claim.
    #[field(filter)]
    pub state: MilestoneUpdateState,
    /// Whether the claim names a criterion, where the milestone has criteria, and has the evidence that each claimed
    /// criterion requires. The review period runs from a complete submission.
    #[field(filter)]
    pub complete: bool,
    /// Keys of the claimed criteria whose evidence is missing.
    #[field(system)]
    pub missing_evidence: Vec<Code>,
    /// Whether the organisation entered it on behalf of the partner.
    #[field(filter)]
    pub on_behalf: bool,
    /// The review of the claim.
    #[field(filter)]
    pub review_id: Option<Id<Decision>>,
    /// Reason of the withdrawal.
    #[field(system)]
    pub withdrawal_reason: Option<Text<1000>>,
}

/// Evidence for a claim: a link or an attachment.
#[input(value)]
pub struct Evidence {
    /// Title, such as `Protocol of the test`.
    pub title: Text<200>,
    /// Key of the criterion that it supports; the whole claim when absent.
    pub criterion: Option<Code>,
    /// Address of the content, beginning with `https://`. Give this or `attachment_id`.
    pub url: Option<Text<2000>>,
    /// SHA-256 of the content as 64 lower-case hexadecimal digits. Required for a link; set by the service for an attachment.
    pub sha256: Option<Text<64>>,
    /// Size of the content in bytes. Required for a link; set by the service for an attachment.
    pub size_bytes: Option<Long>,
    /// The uploaded attachment: a shared attachment of the milestone or of its engagement.
    pub attachment_id: Option<Id<Attachment>>,
}

/// State of a claim.
#[words(states)]
#[derive(Default)]
pub enum MilestoneUpdateState {
    /// Waits for its review.
    #[default]
    Submitted,
    /// Withdrawn by the side that made it.
    Withdrawn,
    /// Superseded by another claim.
    Superseded,
    /// Fully accepted.
    Accepted,
    /// Fully accepted, with conditions.
    AcceptedWithReservations,
    /// Partly accepted.
    AcceptedInPart,
    /// Not accepted.
    Rejected,
    /// Its acceptance was revoked.
    Revoked,
}

impl States for MilestoneUpdateState {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (
            Self::Submitted,
            &[
                Self::Withdrawn,
                Self::Superseded,
                Self::Accepted,
                Self::AcceptedWithReservations,
                Self::AcceptedInPart,
                Self::Rejected,
            ],
        ),
        (Self::Accepted, &[Self::Revoked]),
        (Self::AcceptedWithReservations, &[Self::Revoked]),
        (Self::AcceptedInPart, &[Self::Revoked]),
        // A dispute may open the review again.
        (Self::Rejected, &[Self::Submitted]),
    ];
}

impl From<Id<MilestoneUpdate>> for Id<Claim> {
    fn from(id: Id<MilestoneUpdate>) -> Self {
        Self::from_u128(id.as_u128())
    }
}

impl Evidence {
    fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        if self.url.is_some() == self.attachment_id.is_some() {
            faults.push(Fault::new(format!("{at}/url"), "REQUIRED", "give either url or attachment_id"));
        }
        let Some(url) = &self.url else {
            for (name, given) in [("sha256", self.sha256.is_some()), ("size_bytes", self.size_bytes.is_some())] {
                if given {
                    let detail = "is taken from the attachment; leave it out";
                    faults.push(Fault::new(format!("{at}/{name}"), "READ_ONLY", detail));
                }
            }
            return;
        };
        let address = url.as_str().strip_prefix("https://").unwrap_or_default();
        if address.is_empty() || address.starts_with(['/', '@', ':']) || url.as_str().contains(char::is_whitespace) {
            faults.push(Fault::new(format!("{at}/url"), "BAD_URL", "must be an address that begins with https://"));
        }
        let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !self.sha256.as_ref().is_some_and(|sha256| is_digest(sha256.as_str())) {
            let detail = "a link needs the SHA-256 of its content: 64 lower-case hexadecimal digits";
            faults.push(Fault::new(format!("{at}/sha256"), "BAD_DIGEST", detail));
        }
        if self.size_bytes.is_none_or(|size| size.0 < 0) {
            let detail = "a link needs the size of its content in bytes: 0 or more";
            faults.push(Fault::new(format!("{at}/size_bytes"), "OUT_OF_RANGE", detail));
        }
    }
}

impl Rules for MilestoneUpdate {
    fn carry(&mut self, _before: Option<&Self>, faults: &mut Vec<Fault>) {
        for (i, evidence) in self.evidence.iter().enumerate() {
            evidence.check(&format!("/evidence/{i}"), faults);
        }
        for (i, key) in self.criteria_claimed.iter().enumerate() {
            if self.criteria_claimed[..i].contains(key) {
                faults.push(Fault::new(format!("/criteria_claimed/{i}"), "DUPLICATE", "is claimed twice"));
            }
        }
    }

    fn context_of(&self) -> Option<(&'static str, String)> {
        Some(("milestone", self.milestone_id.to_string()))
    }

    fn take_context(&mut self, from: &dyn std::any::Any, faults: &mut Vec<Fault>) {
        let Some(milestone) = from.downcast_ref::<Milestone>() else { return };
        if milestone.engagement_id.is_none() {
            let detail = "only a milestone of an engagement can be claimed";
            faults.push(Fault::new("/milestone_id", "DOES_NOT_FIT", detail));
        }
        if let Some(accepted) = milestone.accepted_percent.filter(|accepted| self.percent < *accepted) {
            let detail = format!("must not be less than the share already accepted, {}", accepted.as_number());
            faults.push(Fault::new("/percent", "OUT_OF_RANGE", detail));
        }
        let criteria = &milestone.acceptance_criteria;
        let unknown = |key: &Code| criteria.iter().all(|criterion| criterion.key != *key);
        let detail = "the milestone has no criterion with this key";
        for (i, _) in self.criteria_claimed.iter().enumerate().filter(|(_, key)| unknown(key)) {
            faults.push(Fault::new(format!("/criteria_claimed/{i}"), "NOT_FOUND", detail));
        }
        for (i, evidence) in self.evidence.iter().enumerate() {
            if evidence.criterion.as_ref().is_some_and(unknown) {
                faults.push(Fault::new(format!("/evidence/{i}/criterion"), "NOT_FOUND", detail));
            }
        }
        let shown = |key: &Code| self.evidence.iter().any(|evidence| evidence.criterion.as_ref() == Some(key));
        let needs = criteria.iter().filter(|criterion| criterion.evidence_required.is_some());
        let claimed = needs.filter(|criterion| self.criteria_claimed.contains(&criterion.key));
        self.missing_evidence = claimed.map(|c| c.key.clone()).filter(|key| !shown(key)).collect();
        let claims_some = criteria.is_empty() || !self.criteria_claimed.is_empty();
        self.complete = claims_some && self.missing_evidence.is_empty();
    }

    fn place(&self) -> Place {
        Place::of_engagement(self.program_id, self.partner_id, self.engagement_id)
    }
}

/// Withdraws a claim that is not decided yet. Only the side that made it can withdraw it.
#[input]
pub struct WithdrawMilestoneUpdate {
    /// Reason.
    pub reason: Option<Text<1000>>,
}

impl Verb for WithdrawMilestoneUpdate {
    type On = MilestoneUpdate;
    const NAME: &'static str = "withdraw";
    fn decide(&self, on: &mut MilestoneUpdate, _now: Instant) -> Result<(), Error> {
        on.state.go(MilestoneUpdateState::Withdrawn)?;
        on.withdrawal_reason.clone_from(&self.reason);
        Ok(())
    }
}
