//! How a milestone names its last claim, a claim its review, and a review the invoice of its work. Claims are declared upon
//! milestones, reviews upon claims and invoices upon reviews, so that these names do without any of them.

use crate::id::HasId;

/// A milestone update, as its milestone names it.
#[derive(Clone, Copy, Debug)]
pub enum Claim {}

impl HasId for Claim {
    const PREFIX: &'static str = "mupd";
    const KIND_NAME: &'static str = "milestone_update";
}

/// A review, as the claim that it decides on names it.
#[derive(Clone, Copy, Debug)]
pub enum Decision {}

impl HasId for Decision {
    const PREFIX: &'static str = "rvw";
    const KIND_NAME: &'static str = "review";
}

/// An invoice, as the review of the work that it charges names it.
#[derive(Clone, Copy, Debug)]
pub enum Charge {}

impl HasId for Charge {
    const PREFIX: &'static str = "inv";
    const KIND_NAME: &'static str = "invoice";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resource;
    use crate::invoice::Invoice;
    use crate::milestone_update::MilestoneUpdate;
    use crate::review::Review;

    #[test]
    fn names_are_those_of_the_resources() {
        let names = |kind: &crate::resource::Kind| (kind.prefix, kind.name);
        assert_eq!((Claim::PREFIX, Claim::KIND_NAME), names(MilestoneUpdate::KIND));
        assert_eq!((Decision::PREFIX, Decision::KIND_NAME), names(Review::KIND));
        assert_eq!((Charge::PREFIX, Charge::KIND_NAME), names(Invoice::KIND));
    }
}
