//! What is known of the request that a task works on: its log lines carry it, and calls of other
//! services pass it on.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use axum::http::{HeaderMap, HeaderValue};

use crate::otlp;
use crate::trace_context::{TraceContext, state_of};

tokio::task_local! {
    static CURRENT: Arc<RequestContext>;
}

/// The request that a task works on.
#[derive(Debug)]
pub(crate) struct RequestContext {
    /// Sane text.
    id: HeaderValue,
    /// Its span, if the caller or this service traces it.
    pub(crate) trace: Option<RequestTrace>,
    /// The name of its API key.
    key: OnceLock<Box<str>>,
}

/// The span of a request.
#[derive(Clone, Debug)]
pub(crate) struct RequestTrace {
    /// This service's span.
    pub(crate) own: TraceContext,
    /// The caller's span.
    pub(crate) parent: Option<TraceContext>,
    /// What other tracing systems want passed on.
    pub(crate) state: Option<HeaderValue>,
}

impl RequestTrace {
    /// Continues the caller's trace. Without one, a new one begins if spans are exported.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let Some(parent) = TraceContext::of(headers) else {
            let own = otlp::sample_new_trace()?;
            return Some(Self { own, parent: None, state: None });
        };
        Some(Self { own: parent.child(), parent: Some(parent), state: state_of(headers) })
    }
}

impl RequestContext {
    pub(crate) fn new(id: HeaderValue, trace: Option<RequestTrace>) -> Arc<Self> {
        Arc::new(Self { id, trace, key: OnceLock::new() })
    }

    /// Returns the request's id, as the header that passes it on.
    pub(crate) fn id(&self) -> HeaderValue {
        self.id.clone()
    }

    /// Returns the request's id.
    pub(crate) fn id_text(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }

    /// Returns the name of the request's API key, if it has shown one.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.get().map(AsRef::as_ref)
    }

    /// Works on `future` as on this request.
    pub(crate) fn scope<F: Future>(self: Arc<Self>, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }
}

/// Returns the request that this task works on.
pub(crate) fn current() -> Option<Arc<RequestContext>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Shows `with` the request that this task works on, if there is one.
pub(crate) fn with_current<T>(with: impl FnOnce(&RequestContext) -> T) -> Option<T> {
    CURRENT.try_with(|context| with(context)).ok()
}

/// Notes the name of the API key of the request that this task works on: the name that the operator
/// gave it, never the key. The first name stays; outside of a request nothing happens.
pub fn name_key(name: &str) {
    with_current(|context| context.key.get_or_init(|| name.into()).len());
}

/// A request, to go on with it elsewhere.
#[derive(Clone, Debug)]
pub struct Carried(Option<Arc<RequestContext>>);

impl Carried {
    /// Takes the request that this task works on, if there is one.
    pub fn current() -> Self {
        Self(current())
    }

    /// Works on `future` as on the request.
    pub async fn over<F: Future>(self, future: F) -> F::Output {
        match self.0 {
            Some(context) => context.scope(future).await,
            None => future.await,
        }
    }
}

/// Returns `future` for a task of its own that goes on with the request of this one.
pub fn carry<F: Future>(future: F) -> impl Future<Output = F::Output> {
    Carried::current().over(future)
}

/// Returns `work` for a blocking thread that goes on with the request of this task.
pub fn carry_work<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let context = current();
    move || match context {
        Some(context) => CURRENT.sync_scope(context, work),
        None => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> Option<String> {
        with_current(|context| context.id_text().to_owned())
    }

    #[tokio::test]
    async fn a_request_goes_with_its_tasks_and_threads() {
        assert_eq!(id(), None);
        let context = RequestContext::new(HeaderValue::from_static("request-1"), None);
        let told = context.scope(async {
            let task = tokio::spawn(carry(async { id() })).await.expect("no panic");
            let thread = tokio::task::spawn_blocking(carry_work(id)).await.expect("no panic");
            let apart = tokio::spawn(async { id() }).await.expect("no panic");
            [id(), task, thread, apart]
        });
        let same = Some("request-1".to_owned());
        assert_eq!(told.await, [same.clone(), same.clone(), same, None]);
        assert_eq!(carry(async { id() }).await, None);
    }

    #[tokio::test]
    async fn the_first_name_of_a_key_stays() {
        let context = RequestContext::new(HeaderValue::from_static("request-1"), None);
        Arc::clone(&context).scope(async { [name_key("alice"), name_key("bob")] }).await;
        assert_eq!(context.key(), Some("alice"));
        name_key("nobody");
    }
}
