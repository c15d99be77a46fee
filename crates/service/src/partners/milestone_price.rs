//! Milestone prices: in total they must not exceed the value of their engagement.

use steerco_domain::Resource;
use steerco_domain::engagement::Engagement;
use steerco_domain::error::Fault;
use steerco_domain::milestone::Milestone;
use steerco_domain::money::{Amount, Money};
use steerco_domain::ratio::Ratio;
use steerco_persistence::{Fail, ledger, vendor};

use crate::hooks::{Hooks, hook};
use crate::service::Feature;
use crate::standing::check_ends;
use crate::write_context::WriteContext;

pub(crate) const MILESTONE: Feature = Feature::of(
    Milestone::KIND,
    Hooks {
        checks: hook!(checks: check_milestone),
        on_delete: Some(|write, id| Box::pin(check_ends(write, id))),
        ..Hooks::NONE
    },
);

/// Checks a milestone whose price changes.
async fn check_milestone(
    write: &WriteContext<'_>,
    before: Option<&Milestone>,
    after: &Milestone,
    faults: &mut Vec<Fault>,
) -> Result<(), Fail> {
    if after.deleted_at.is_some() {
        return Ok(());
    }
    let same = |was: &Milestone| (was.payment, was.payment_share) == (after.payment, after.payment_share);
    let paid = after.payment.is_some() || after.payment_share.is_some();
    let Some(id) = after.engagement_id.filter(|_| paid && !before.is_some_and(same)) else { return Ok(()) };
    let (org, id) = (write.context.caller.organisation(), id.to_string());
    // Serialised by the ledger lock: two concurrent requests would both find the same amount left.
    ledger::take_turn(write.conn, org).await?;
    // A missing engagement is reported by the check of the references.
    let Some(engagement) = vendor::find::<Engagement>(write.conn, org, &id).await? else { return Ok(()) };
    let others = vendor::list_paid_milestones(write.conn, org, &id).await?;
    let others: Vec<&Milestone> = others.iter().filter(|other| other.id != after.id).collect();
    let Some(value) = engagement.value else {
        check_shares(write, &id, after, &others, faults);
        return Ok(());
    };
    if let Some(payment) = after.payment.filter(|payment| payment.currency != value.currency) {
        let detail =
            format!("{} is not the currency of the engagement ({})", payment.currency.code(), value.currency.code());
        faults.push(Fault::new("/payment/currency", "DOES_NOT_FIT", detail));
        return Ok(());
    }
    let price = after.price(Some(value)).map_or(0, |price| price.units);
    let known = others.iter().map(|other| other.price(Some(value)).map_or(0, |price| price.units));
    let planned = write.take_of(&format!("value {id}"), price);
    let left = known.fold(value.units.saturating_sub(planned), i64::saturating_sub);
    if price > left {
        let pointer = if after.payment.is_some() { "/payment/amount" } else { "/payment_share" };
        let detail = format!(
            "only {} {} of the value of the engagement are left",
            Amount::new(left.max(0)),
            value.currency.code()
        );
        faults.push(Fault::new(pointer, "INSUFFICIENT", detail));
    }
    Ok(())
}

/// An engagement without a value: only the shares can be summed.
fn check_shares(write: &WriteContext<'_>, id: &str, after: &Milestone, others: &[&Milestone], faults: &mut Vec<Fault>) {
    let share = |milestone: &Milestone| i64::from(milestone.payment_share.map_or(0, Ratio::millionths));
    let own = share(after);
    let planned = write.take_of(&format!("shares {id}"), own);
    let known: i64 = others.iter().map(|other| share(other)).sum();
    let left = (i64::from(Ratio::ONE) - known - planned).max(0);
    if own > left {
        let left = i32::try_from(left).ok().and_then(Ratio::from_millionths).map_or(0.0, Ratio::as_number);
        let detail = format!("only a share of {left} of the value of the engagement is left");
        faults.push(Fault::new("/payment_share", "INSUFFICIENT", detail));
    }
}

/// Checks an engagement whose value changes: it must not fall below the payments of its milestones.
pub(crate) async fn check_engagement(
    write: &WriteContext<'_>,
    before: Option<&Engagement>,
    engagement: &Engagement,
    faults: &mut Vec<Fault>,
) -> Result<(), Fail> {
    if engagement.deleted_at.is_some() || before.is_none_or(|before| before.value == engagement.value) {
        return Ok(());
    }
    let org = write.context.caller.organisation();
    ledger::take_turn(write.conn, org).await?;
    let milestones = vendor::list_paid_milestones(write.conn, org, &engagement.id.to_string()).await?;
    let Some(value) = engagement.value else { return Ok(()) };
    let prices: Vec<Money> = milestones.iter().filter_map(|milestone| milestone.price(Some(value))).collect();
    if prices.iter().any(|price| price.currency != value.currency) {
        faults.push(Fault::new("/value/currency", "DOES_NOT_FIT", "its milestones are paid in another currency"));
        return Ok(());
    }
    let sum = prices.iter().fold(0_i64, |sum, price| sum.saturating_add(price.units));
    if sum > value.units {
        let detail = format!("the payments of its milestones add up to {} {}", Amount::new(sum), value.currency.code());
        faults.push(Fault::new("/value/amount", "INSUFFICIENT", detail));
    }
    Ok(())
}
