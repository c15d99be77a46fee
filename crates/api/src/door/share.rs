//! How much of what may run at the same time one caller may take: requests whose body never ends hold a place, too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use steerco_domain::{Error, Reason};

/// Running requests by caller.
#[derive(Clone)]
pub(super) struct Shares {
    running: Arc<Mutex<HashMap<String, usize>>>,
    most: usize,
}

/// A running request of a caller.
pub(super) struct Place {
    shares: Shares,
    caller: String,
}

impl Shares {
    pub(super) fn new(most: usize) -> Self {
        Self { running: Arc::default(), most }
    }

    pub(super) fn enter(&self, caller: String) -> Result<Place, Error> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.entry(caller.clone()).or_default();
        if *count >= self.most {
            let detail = format!("{count} requests of this caller are running, which is as many as may run at once");
            return Err(Error { retry_after: Some(1), ..Error::new(Reason::RateLimited, detail) });
        }
        *count += 1;
        Ok(Place { shares: self.clone(), caller })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.shares.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_its_own_share() {
        let shares = Shares::new(2);
        let enter = |caller: &str| shares.enter(caller.to_owned());
        let (_first, second) = (enter("a").unwrap(), enter("a").unwrap());
        assert_eq!(enter("a").err().unwrap().reason, Reason::RateLimited);
        assert!(enter("b").is_ok());
        drop(second);
        assert!(enter("a").is_ok());
        assert_eq!(shares.running.lock().unwrap().len(), 1, "who has none running is forgotten");
    }
}
