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
    /// Whether there was ever no reason.
    been_ready: bool,
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
        let been_ready = reason.is_none();
        Self { state: Arc::new(RwLock::new(State { reason, last: false, been_ready })) }
    }

    /// Sets the reason why the service is not ready, or `None` when it is; nothing changes after
    /// [`Readiness::end`].
    pub fn set(&self, reason: Option<String>) {
        let mut held = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if !held.last {
            held.been_ready |= reason.is_none();
            held.reason = reason;
        }
    }

    /// Ends readiness for good; the first such reason stays.
    pub fn end(&self, reason: &str) {
        let mut held = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if !held.last {
            held.reason = Some(reason.to_owned());
            held.last = true;
        }
    }

    /// Returns why the service is not ready, or `None` when it is.
    pub fn reason(&self) -> Option<String> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).reason.clone()
    }

    /// Returns why the service is not ready, if it never was.
    pub fn never(&self) -> Option<String> {
        let held = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if held.been_ready { None } else { held.reason.clone() }
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

    #[test]
    fn once_ready_is_not_never() {
        let readiness = Readiness::not_yet("starting");
        assert_eq!(readiness.never().as_deref(), Some("starting"));
        readiness.set(Some("still starting".to_owned()));
        assert_eq!(readiness.never().as_deref(), Some("still starting"));
        readiness.set(None);
        readiness.set(Some("no longer".to_owned()));
        assert_eq!(readiness.never(), None);
        assert_eq!(Readiness::ready().never(), None);
    }
}
