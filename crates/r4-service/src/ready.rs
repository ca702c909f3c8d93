//! Readiness: a named reason why not, or nothing.

use std::sync::{Arc, RwLock};

/// Whether a service may be sent work, shared by its tasks.
///
/// The lock guards the reason alone and is never held across an await.
#[derive(Clone, Debug)]
pub struct Readiness {
    reason: Arc<RwLock<Option<String>>>,
}

impl Readiness {
    /// Starts not ready, for `reason`.
    pub fn not_yet(reason: &str) -> Self {
        Self { reason: Arc::new(RwLock::new(Some(reason.to_owned()))) }
    }

    /// Starts ready.
    pub fn ready() -> Self {
        Self { reason: Arc::new(RwLock::new(None)) }
    }

    /// Sets the reason why the service is not ready, or `None` when it is.
    pub fn set(&self, reason: Option<String>) {
        let mut held = self.reason.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *held = reason;
    }

    /// Returns why the service is not ready, or `None` when it is.
    pub fn reason(&self) -> Option<String> {
        self.reason.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}
