//! State machines: which states follow which.

use crate::error::{Error, Reason};
use crate::words::Words;

/// The states of a resource and the moves between them.
pub trait States: Words {
    const MOVES: &'static [(Self, &'static [Self])];

    fn next(self) -> &'static [Self] {
        Self::MOVES.iter().find(|(from, _)| *from == self).map_or(&[], |(_, to)| to)
    }

    /// Moves, or says which moves there are.
    fn go(&mut self, to: Self) -> Result<(), Error> {
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
