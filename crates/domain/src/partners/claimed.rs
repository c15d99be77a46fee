//! How a milestone names its last claim, and a claim its review. Claims are declared upon milestones and reviews upon
//! claims, so that these names do without either.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resource;
    use crate::milestone_update::MilestoneUpdate;
    use crate::review::Review;

    #[test]
    fn names_are_those_of_the_resources() {
        let names = |kind: &crate::resource::Kind| (kind.prefix, kind.name);
        assert_eq!((Claim::PREFIX, Claim::KIND_NAME), names(MilestoneUpdate::KIND));
        assert_eq!((Decision::PREFIX, Decision::KIND_NAME), names(Review::KIND));
    }
}
