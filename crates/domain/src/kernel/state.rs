//! State machines: states and allowed transitions.

use crate::error::{Error, Reason};
use crate::field::{Described, Moves};
use crate::words::Words;

/// The states of a resource and the allowed transitions. The enum is declared with `#[words(states)]`, so that the
/// declaration of each field that holds such a state leads to the transitions.
pub trait States: Words + Described {
    const MOVES: &'static [(Self, &'static [Self])];

    fn next(self) -> &'static [Self] {
        <Self as States>::MOVES.iter().find(|(from, _)| *from == self).map_or(&[], |(_, to)| to)
    }

    /// Changes the state. The error lists the allowed states.
    fn go(&mut self, to: Self) -> Result<(), Error> {
        const { assert!(<Self as Described>::MOVES.is_some(), "the enum of a state machine needs `#[words(states)]`") };
        if self.next().contains(&to) {
            *self = to;
            return Ok(());
        }
        let next: Vec<&str> = self.next().iter().map(|s| s.word()).collect();
        let next = if next.is_empty() { "nothing: this state is final".to_owned() } else { next.join(", ") };
        let detail = format!("{} cannot become {}; it can become {next}", self.word(), to.word());
        Err(Error::new(Reason::WrongState, detail))
    }
}

/// The moves by the words of their states.
pub fn moves<S: States>() -> Moves {
    let words = |states: &[S]| states.iter().map(|state| state.word()).collect();
    <S as States>::MOVES.iter().map(|(from, to)| (from.word(), words(to))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliverable::DeliverableState;
    use crate::dependency::DependencyState;
    use crate::engagement::EngagementState;
    use crate::milestone_update::MilestoneUpdateState;
    use crate::partner::PartnerState;
    use crate::person::PersonState;
    use crate::principal::AccountState;
    use crate::program::WorkStatus;
    use crate::review::ReviewState;
    use crate::risk::RiskState;

    /// Every transition that is not listed fails, changes nothing, and reports the allowed states.
    fn check<S: States + std::fmt::Debug>() {
        for (from, to) in S::ALL.iter().flat_map(|from| S::ALL.iter().map(move |to| (*from, *to))) {
            let mut state = from;
            let moved = state.go(to);
            if from.next().contains(&to) {
                assert_eq!((moved, state), (Ok(()), to));
            } else {
                let error = moved.unwrap_err();
                assert_eq!((error.reason, state), (Reason::WrongState, from));
                assert!(from.next().iter().all(|next| error.detail.contains(next.word())), "{}", error.detail);
            }
        }
    }

    #[test]
    fn illegal_moves_are_refused() {
        check::<RiskState>();
        check::<WorkStatus>();
        check::<PersonState>();
        check::<AccountState>();
        check::<PartnerState>();
        check::<EngagementState>();
        check::<DeliverableState>();
        check::<DependencyState>();
        check::<MilestoneUpdateState>();
        check::<ReviewState>();
    }

    #[test]
    fn what_has_ended_stays_ended() {
        for state in [RiskState::Closed, RiskState::Materialised, RiskState::Expired] {
            assert!(state.next().is_empty());
        }
        assert!(WorkStatus::Completed.next().is_empty() && WorkStatus::Cancelled.next().is_empty());
        for state in [EngagementState::Completed, EngagementState::Terminated] {
            assert!(state.next().is_empty());
        }
        // A resource that was visible to a partner must not become hidden again.
        assert!(EngagementState::ALL.iter().all(|state| !state.next().contains(&EngagementState::Draft)));
        assert!(PartnerState::Ended.next().is_empty());
        assert!(PersonState::Erased.next().is_empty());
    }
}
