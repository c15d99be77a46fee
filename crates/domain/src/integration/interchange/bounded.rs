//! A reader that gives no more than was granted: a file of one endless value ends with an error instead of the memory.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// Bytes that may be read until more are granted.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget(Rc<Cell<usize>>);

impl Budget {
    /// Grants as many bytes from here.
    pub(super) fn grant(&self, bytes: usize) {
        self.0.set(bytes);
    }
}

/// The reader.
pub(super) struct Bounded<R> {
    inner: R,
    budget: Budget,
}

impl<R: BufRead> Bounded<R> {
    pub(super) fn new(inner: R) -> (Self, Budget) {
        let budget = Budget::default();
        (Self { inner, budget: budget.clone() }, budget)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.budget.0.get();
        let filled = self.inner.fill_buf()?;
        if left == 0 && !filled.is_empty() {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "one value is longer than any that fits"));
        }
        Ok(&filled[..filled.len().min(left)])
    }

    fn consume(&mut self, amount: usize) {
        self.budget.0.set(self.budget.0.get().saturating_sub(amount));
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let filled = self.fill_buf()?;
        let count = filled.len().min(into.len());
        into[..count].copy_from_slice(&filled[..count]);
        self.consume(count);
        Ok(count)
    }
}
