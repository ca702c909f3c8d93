//! Readiness: a named reason why not, or nothing.

use std::sync::{Arc, PoisonError, RwLock};

/// Whether a service may be sent work, shared by its tasks.
///
/// The lock guards the reason alone and is never held across an await.
#[derive(Clone, Debug)]
pub struct Readiness {
    state: Arc<RwLock<State>>,
}

#[derive(Debug)]
struct State {
    reason: Option<String>,
    /// Whether the reason stays for good.
    last: bool,
}

impl Readiness {
    /// Starts not ready, for `reason`.
    pub fn not_yet(reason: &str) -> Self {
        Self::of(Some(reason.to_owned()))
    }

    /// Starts ready.
    pub fn ready() -> Self {
        Self::of(None)
    }

    fn of(reason: Option<String>) -> Self {
        Self { state: Arc::new(RwLock::new(State { reason, last: false })) }
    }

    /// Sets the reason why the service is not ready, or `None` when it is; nothing changes after
    /// [`Readiness::end`].
    pub fn set(&self, reason: Option<String>) {
        let mut held = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if !held.last {
            held.reason = reason;
        }
    }

    /// Ends readiness for good; the first such reason stays.
    pub fn end(&self, reason: &str) {
        let mut held = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if !held.last {
            *held = State { reason: Some(reason.to_owned()), last: true };
        }
    }

    /// Returns why the service is not ready, or `None` when it is.
    pub fn reason(&self) -> Option<String> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).reason.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::Readiness;

    #[test]
    fn the_end_stays() {
        let readiness = Readiness::not_yet("starting");
        readiness.set(None);
        assert_eq!(readiness.reason(), None);
        readiness.end("first");
        readiness.end("second");
        readiness.set(None);
        assert_eq!(readiness.reason().as_deref(), Some("first"));
    }
}
