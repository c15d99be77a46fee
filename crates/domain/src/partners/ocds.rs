//! Engagements as contracting processes of the Open Contracting Data Standard 1.1: one release for each change that its
//! parties can see, and the record that the releases come to.

use std::collections::HashMap;

use jiff::civil::time;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::engagement::{Engagement, EngagementState};
use crate::engagement_amendment::EngagementAmendment;
use crate::id::Id;
use crate::invoice::{Invoice, InvoicePayment};
use crate::milestone::{DeliveryState, Milestone, PaymentState};
use crate::money::Money;
use crate::ocds_value::OcdsValue;
use crate::organisation::Organisation;
use crate::partner::Partner;
use crate::time::{Day, Instant};

/// Version of the standard.
const VERSION: &str = "1.1";

/// What the parties could know of an engagement after one change.
#[derive(Clone, Debug)]
pub struct Snapshot<'a> {
    pub at: Instant,
    pub organisation: &'a Organisation,
    pub partner: &'a Partner,
    pub engagement: &'a Engagement,
    /// Those approved, by their number.
    pub amendments: Vec<&'a EngagementAmendment>,
    pub milestones: Vec<&'a Milestone>,
    /// Those that were approved.
    pub invoices: Vec<&'a Invoice>,
}

/// Releases of one contracting process, and what they come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    engagement_id: Id<Engagement>,
    ocid: String,
    releases: Vec<OcdsValue>,
    compiled: OcdsValue,
    publisher: String,
    published_at: Instant,
}

/// A release package.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleasePackage<'a> {
    uri: String,
    version: &'static str,
    published_date: String,
    publisher: Publisher<'a>,
    releases: Vec<&'a OcdsValue>,
}

/// A record package.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordPackage<'a> {
    uri: String,
    version: &'static str,
    published_date: String,
    publisher: Publisher<'a>,
    packages: Vec<String>,
    records: Vec<Record<'a>>,
}

#[derive(Serialize)]
struct Publisher<'a> {
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    ocid: &'a str,
    releases: &'a [OcdsValue],
    compiled_release: &'a OcdsValue,
}

impl Process {
    /// The releases of these snapshots, oldest first. A snapshot that shows nothing new makes no release, so that the
    /// releases of yesterday stay what they were. `prefix` is that of the publisher in open contracting ids.
    pub fn new(prefix: &str, snapshots: &[Snapshot<'_>]) -> Option<Self> {
        let last = snapshots.last()?;
        let ocid = format!("{prefix}-{}", last.engagement.id);
        let (mut releases, mut merged) = (Vec::new(), OcdsValue::Object(Vec::new()));
        let mut told = Told::default();
        let (mut before, mut date) = (None, last.at);
        for snapshot in snapshots {
            let content = told.content(&ocid, releases.len(), snapshot);
            if before.as_ref() == Some(&content) {
                continue;
            }
            date = snapshot.at;
            let sent = content.removing(&merged);
            merged.merge(&sent);
            let OcdsValue::Object(members) = sent else { return None };
            let tags = tags(before.as_ref(), &content, snapshot.engagement.state);
            let mut release = vec![
                ("ocid", OcdsValue::Text(ocid.clone())),
                ("id", OcdsValue::Text(release_id(&ocid, releases.len()))),
                ("date", OcdsValue::Text(date.to_string())),
                ("tag", OcdsValue::Texts(tags.into_iter().map(str::to_owned).collect())),
                ("initiationType", OcdsValue::Text("tender".to_owned())),
            ];
            release.extend(members);
            releases.push(OcdsValue::Object(release));
            before = Some(content);
        }
        let OcdsValue::Object(members) = merged else { return None };
        let mut compiled = vec![
            ("ocid", OcdsValue::Text(ocid.clone())),
            ("id", OcdsValue::Text(format!("{ocid}-{date}"))),
            ("date", OcdsValue::Text(date.to_string())),
            ("tag", OcdsValue::Texts(vec!["compiled".to_owned()])),
            ("initiationType", OcdsValue::Text("tender".to_owned())),
        ];
        compiled.extend(members);
        let publisher = last.organisation.name.to_string();
        let compiled = OcdsValue::Object(compiled);
        let engagement_id = last.engagement.id;
        Some(Self { engagement_id, ocid, releases, compiled, publisher, published_at: date })
    }

    /// The engagement whose process it is.
    pub const fn engagement_id(&self) -> Id<Engagement> {
        self.engagement_id
    }
}

/// The releases of these processes as they are published at this address; none of none.
pub fn release_package<'a>(processes: &'a [Process], uri: &str) -> Option<ReleasePackage<'a>> {
    let last = processes.iter().max_by_key(|process| process.published_at)?;
    Some(ReleasePackage {
        uri: uri.to_owned(),
        version: VERSION,
        published_date: last.published_at.to_string(),
        publisher: Publisher { name: &last.publisher },
        releases: processes.iter().flat_map(|process| &process.releases).collect(),
    })
}

/// The records of these processes as they are published at this address, with their releases, which are at other ones too.
pub fn record_package<'a>(processes: &'a [Process], uri: &str, packages: Vec<String>) -> Option<RecordPackage<'a>> {
    let last = processes.iter().max_by_key(|process| process.published_at)?;
    let record = |process: &'a Process| Record {
        ocid: &process.ocid,
        releases: &process.releases,
        compiled_release: &process.compiled,
    };
    Some(RecordPackage {
        uri: uri.to_owned(),
        version: VERSION,
        published_date: last.published_at.to_string(),
        publisher: Publisher { name: &last.publisher },
        packages,
        records: processes.iter().map(record).collect(),
    })
}

fn release_id(ocid: &str, before: usize) -> String {
    format!("{ocid}-{:04}", before + 1)
}

/// What a release is about, by what it changes.
fn tags(before: Option<&OcdsValue>, now: &OcdsValue, state: EngagementState) -> Vec<&'static str> {
    let Some(before) = before else { return vec!["award", "contract"] };
    let of = |node: &OcdsValue, name: &str| contract_of(node).and_then(|contract| contract.get(name)).cloned();
    let changed = |name: &str| of(before, name) != of(now, name);
    let over = matches!(state, EngagementState::Completed | EngagementState::Terminated);
    let mut tags = Vec::new();
    if changed("amendments") {
        tags.push("contractAmendment");
    }
    if changed("status") && over {
        tags.push("contractTermination");
    }
    if changed("implementation") {
        let begun = of(before, "implementation").is_some();
        tags.push(if begun { "implementationUpdate" } else { "implementation" });
    }
    if tags.is_empty() {
        tags.push("contractUpdate");
    }
    tags
}

fn contract_of(content: &OcdsValue) -> Option<&OcdsValue> {
    match content.get("contracts")? {
        OcdsValue::List(contracts) => contracts.first(),
        _ => None,
    }
}

/// What was told before.
#[derive(Default)]
struct Told {
    /// In which release each amendment was first told.
    amendments: HashMap<u128, usize>,
    /// Each milestone as it was told last, and since when: what nobody outside sees of it does not date it anew.
    milestones: HashMap<String, (OcdsValue, Instant)>,
}

impl Told {
    /// Everything a release says beside its own id, date and tag.
    fn content(&mut self, ocid: &str, release: usize, now: &Snapshot<'_>) -> OcdsValue {
        let (buyer, supplier) = (now.organisation, now.partner);
        let party = |id: String, name: &str, role: &str, more: [(&'static str, Option<OcdsValue>); 2]| {
            let [identifier, address] = more;
            let roles = Some(OcdsValue::Texts(vec![role.to_owned()]));
            let (id, name) = (OcdsValue::text(id), OcdsValue::text(name));
            OcdsValue::object([("id", id), ("name", name), identifier, address, ("roles", roles)])
        };
        let number = supplier.registration_number.as_ref();
        let identifier = number.map(|number| {
            OcdsValue::object([
                ("id", OcdsValue::text(number.as_str())),
                ("legalName", OcdsValue::text(supplier.name.as_str())),
            ])
        });
        let country = supplier.country.as_ref().map(crate::country::Country::code);
        let address = country.map(|code| OcdsValue::object([("countryName", OcdsValue::text(code))]));
        let parties = vec![
            party(buyer.id.to_string(), buyer.name.as_str(), "buyer", [("identifier", None), ("address", None)]),
            party(
                supplier.id.to_string(),
                supplier.name.as_str(),
                "supplier",
                [("identifier", identifier), ("address", address)],
            ),
        ];
        OcdsValue::object([
            ("parties", OcdsValue::list(parties)),
            ("buyer", Some(named(buyer.id.to_string(), buyer.name.as_str()))),
            ("awards", Some(OcdsValue::List(vec![award(now)]))),
            ("contracts", Some(OcdsValue::List(vec![self.contract(ocid, release, now)]))),
        ])
    }

    fn contract(&mut self, ocid: &str, release: usize, now: &Snapshot<'_>) -> OcdsValue {
        let (engagement, zone) = (now.engagement, zone(now));
        let mut amendments = Vec::new();
        for amendment in &now.amendments {
            let first = *self.amendments.entry(amendment.id.as_u128()).or_insert(release);
            amendments.push(amendment_node(ocid, first, amendment, &zone));
        }
        let stones = now.milestones.iter().flat_map(|milestone| milestone_nodes(milestone, now, &zone));
        let stones = OcdsValue::list(stones.map(|(id, node)| self.dated(id, node, now.at)).collect());
        let payments =
            OcdsValue::list(now.invoices.iter().flat_map(|invoice| payment_nodes(invoice, now, &zone)).collect());
        let begun = stones.is_some() || payments.is_some();
        let implementation = OcdsValue::object([("milestones", stones), ("transactions", payments)]);
        let implementation = Some(implementation).filter(|_| begun);
        OcdsValue::object([
            ("id", OcdsValue::text(engagement.id.to_string())),
            ("awardID", OcdsValue::text(award_id(engagement))),
            ("title", OcdsValue::text(engagement.title.as_str())),
            ("description", engagement.statement_of_work.as_ref().and_then(|text| OcdsValue::text(text.as_str()))),
            ("status", OcdsValue::text(if engagement.is_in_force() { "active" } else { "terminated" })),
            ("period", period(engagement.starts_on, engagement.ends_on, &zone)),
            ("value", engagement.value.map(OcdsValue::money)),
            ("dateSigned", engagement.signed_on.and_then(|day| begin(day, &zone))),
            ("amendments", OcdsValue::list(amendments)),
            ("implementation", implementation),
        ])
    }
}

impl Told {
    /// A milestone with the instant since which it is as it is.
    fn dated(&mut self, id: String, node: OcdsValue, at: Instant) -> OcdsValue {
        let since = match self.milestones.get(&id) {
            Some((before, since)) if *before == node => *since,
            _ => at,
        };
        let mut dated = node.clone();
        self.milestones.insert(id, (node, since));
        if let OcdsValue::Object(members) = &mut dated {
            members.extend(OcdsValue::text(since.to_string()).map(|since| ("dateModified", since)));
        }
        dated
    }
}

fn named(id: String, name: &str) -> OcdsValue {
    OcdsValue::object([("id", OcdsValue::text(id)), ("name", OcdsValue::text(name))])
}

fn award_id(engagement: &Engagement) -> String {
    format!("{}-award", engagement.id)
}

/// What was awarded: the terms before any amendment.
fn award(now: &Snapshot<'_>) -> OcdsValue {
    let (engagement, zone) = (now.engagement, zone(now));
    let first = now.amendments.first();
    let (starts, ends) = first.map_or((engagement.starts_on, engagement.ends_on), |a| (a.old_starts_on, a.old_ends_on));
    let value = engagement.signed_value.or(if first.is_none() { engagement.value } else { None });
    OcdsValue::object([
        ("id", OcdsValue::text(award_id(engagement))),
        ("title", OcdsValue::text(engagement.title.as_str())),
        ("status", OcdsValue::text("active")),
        ("date", engagement.signed_on.and_then(|day| begin(day, &zone))),
        ("value", value.map(OcdsValue::money)),
        ("suppliers", Some(OcdsValue::List(vec![named(now.partner.id.to_string(), now.partner.name.as_str())]))),
        ("contractPeriod", period(starts, ends, &zone)),
    ])
}

fn amendment_node(ocid: &str, release: usize, amendment: &EngagementAmendment, zone: &TimeZone) -> OcdsValue {
    let signed = amendment.signed_on.and_then(|day| begin(day, zone));
    let agreed = amendment.agreed_at.and_then(|at| OcdsValue::text(at.to_string()));
    let scope = amendment.scope_change.as_ref().map_or(amendment.title.as_str(), |scope| scope.as_str());
    OcdsValue::object([
        ("id", OcdsValue::text(amendment.id.to_string())),
        ("date", signed.or(agreed)),
        ("rationale", OcdsValue::text(amendment.rationale.as_str())),
        ("description", OcdsValue::text(scope)),
        ("amendsReleaseID", release.checked_sub(1).and_then(|before| OcdsValue::text(release_id(ocid, before)))),
        ("releaseID", OcdsValue::text(release_id(ocid, release))),
    ])
}

/// What is to be delivered, and what is paid for it: two facts with a status of their own.
fn milestone_nodes(milestone: &Milestone, now: &Snapshot<'_>, zone: &TimeZone) -> Vec<(String, OcdsValue)> {
    let due = milestone.planned_on.and_then(|day| end(day, zone));
    let met = milestone.actual_on.and_then(|day| begin(day, zone));
    let delivery = OcdsValue::object([
        ("id", OcdsValue::text(milestone.id.to_string())),
        ("title", OcdsValue::text(milestone.title.as_str())),
        ("type", OcdsValue::text("delivery")),
        ("description", milestone.description.as_ref().and_then(|text| OcdsValue::text(text.as_str()))),
        ("dueDate", due),
        ("status", OcdsValue::text(delivered(milestone))),
        ("dateMet", met),
    ]);
    let price = milestone.payable_price(now.engagement.value, now.milestones.iter().copied());
    let paid = price.map(|payment| {
        let id = format!("{}-payment", milestone.id);
        let node = OcdsValue::object([
            ("id", OcdsValue::text(&id)),
            ("title", OcdsValue::text(milestone.title.as_str())),
            ("type", OcdsValue::text("financing")),
            ("status", OcdsValue::text(settled(milestone.payment_state))),
            ("value", Some(OcdsValue::money(payment))),
        ]);
        (id, node)
    });
    std::iter::once((milestone.id.to_string(), delivery)).chain(paid).collect()
}

/// What finance has paid of an invoice.
fn payment_nodes(invoice: &Invoice, now: &Snapshot<'_>, zone: &TimeZone) -> Vec<OcdsValue> {
    let (buyer, supplier) = (now.organisation, now.partner);
    let node = |(i, payment): (usize, &InvoicePayment)| {
        OcdsValue::object([
            ("id", OcdsValue::text(format!("{}-{}", invoice.id, i + 1))),
            ("date", begin(payment.paid_on, zone)),
            ("value", Some(OcdsValue::money(Money::new(payment.amount.units(), invoice.currency)))),
            ("payer", Some(named(buyer.id.to_string(), buyer.name.as_str()))),
            ("payee", Some(named(supplier.id.to_string(), supplier.name.as_str()))),
        ])
    };
    invoice.payments.0.iter().enumerate().map(node).collect()
}

/// What became of a delivery, as of the date of its last change: what is not met before it is due is not late.
fn delivered(milestone: &Milestone) -> &'static str {
    match milestone.delivery_state {
        DeliveryState::Accepted | DeliveryState::AcceptedWithReservations => "met",
        _ if milestone.actual_on.is_some() => "met",
        DeliveryState::AcceptedInPart => "partiallyMet",
        DeliveryState::Rejected => "notMet",
        DeliveryState::Scheduled | DeliveryState::Submitted => "scheduled",
    }
}

/// What became of a payment.
const fn settled(state: PaymentState) -> &'static str {
    match state {
        PaymentState::NotDue => "scheduled",
        PaymentState::Payable | PaymentState::Invoiced => "notMet",
        PaymentState::Paid => "met",
    }
}

/// The time zone in which the days of an engagement begin and end.
fn zone(now: &Snapshot<'_>) -> TimeZone {
    let name = now.engagement.time_zone.as_ref().unwrap_or(&now.organisation.time_zone);
    TimeZone::get(name.as_str()).unwrap_or(TimeZone::UTC)
}

fn period(first: Option<Day>, last: Option<Day>, zone: &TimeZone) -> Option<OcdsValue> {
    let node = OcdsValue::object([
        ("startDate", first.and_then(|day| begin(day, zone))),
        ("endDate", last.and_then(|day| end(day, zone))),
    ]);
    Some(node).filter(|node| *node != OcdsValue::Object(Vec::new()))
}

/// The first moment of a day there, with its offset.
fn begin(day: Day, zone: &TimeZone) -> Option<OcdsValue> {
    at(day, time(0, 0, 0, 0), zone)
}

/// Its last second.
fn end(day: Day, zone: &TimeZone) -> Option<OcdsValue> {
    at(day, time(23, 59, 59, 0), zone)
}

fn at(day: Day, time: jiff::civil::Time, zone: &TimeZone) -> Option<OcdsValue> {
    let zoned = day.date().to_datetime(time).to_zoned(zone.clone()).ok()?;
    OcdsValue::text(zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}
