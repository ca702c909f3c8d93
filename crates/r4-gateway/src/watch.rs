//! Watches the upstreams: one look a second, whatever the callers ask.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::http::{StatusCode, Uri};
use r4_api::core::CoreVersion;
use r4_api::entropy::{Entropy, EntropyStatus, NoiseSource, SourceState};
use r4_api::gateway::{EntropyHealth, Health, UpstreamHealth, Upstreams};
use r4_api::status::Component;
use r4_api::vrf::ServiceVersion;
use r4_service::Problem;
use r4_service::clock::unix_now;
use r4_service::keys::Keys;
use r4_service::ready::Readiness;
use r4_service::upstream::{Upstream, UpstreamLimits};

use crate::history::History;

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// Most bytes of an answer to a look.
const MOST_BYTES: usize = 64 * 1024;
/// Bounds on a look; apart from the callers' bounds, so that a busy node still knows its health.
const LIMITS: UpstreamLimits = UpstreamLimits {
    connect: Duration::from_millis(500),
    head: Duration::from_millis(1500),
    calls: 4,
};

/// Looks at the upstreams, and keeps what it saw last.
#[derive(Debug)]
pub(crate) struct Watch {
    core: Upstream,
    vrf: Upstream,
    seen: ArcSwap<Seen>,
    history: Arc<History>,
}

/// What a look saw.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) upstreams: Upstreams,
    /// What r4-core told of itself, if it did.
    core: Option<CoreVersion>,
}

impl Seen {
    /// Returns the state of r4-core's entropy.
    pub(crate) fn entropy(&self) -> EntropyHealth {
        let UpstreamHealth { status, reason, mode, .. } = self.upstreams.core.clone();
        let core = self.core.as_ref();
        EntropyHealth {
            status,
            reason,
            mode,
            integrity: core.map(|core| core.integrity),
            selftest: core.map(|core| core.selftest),
            strict: core.map(|core| core.strict),
            core_sha256: core.and_then(|core| core.core_sha256.clone()),
            entropy: core.map(|core| core.entropy.clone()),
        }
    }
}

impl Seen {
    fn states(&self) -> [(Component, Health); 3] {
        let entropy = match self.core.as_ref().map(|core| core.entropy.status) {
            Some(EntropyStatus::Ok) => Health::Ok,
            Some(EntropyStatus::Degraded) => Health::Degraded,
            Some(EntropyStatus::Failed) | None => Health::Down,
        };
        [
            (Component::R4Core, self.upstreams.core.status),
            (Component::R4Vrf, self.upstreams.vrf.status),
            (Component::Entropy, entropy),
        ]
    }
}

impl Watch {
    /// Prepares to watch the services at the two addresses.
    pub(crate) fn new(core: &Uri, vrf: &Uri, keys: &Keys) -> Self {
        let unseen = || unwell(Health::Down, "not looked at yet");
        Self {
            core: Upstream::to_watch("r4-core", core, keys, LIMITS),
            vrf: Upstream::to_watch("r4-vrf", vrf, keys, LIMITS),
            seen: ArcSwap::from_pointee(Seen {
                upstreams: Upstreams { core: unseen(), vrf: unseen() },
                core: None,
            }),
            history: Arc::default(),
        }
    }

    /// Returns what the looks saw before.
    pub(crate) fn history(&self) -> &Arc<History> {
        &self.history
    }

    /// Returns what the last look saw.
    pub(crate) fn seen(&self) -> Arc<Seen> {
        self.seen.load_full()
    }

    /// Looks at both upstreams once, and returns why the node is not ready, if it is not.
    pub(crate) async fn look(&self) -> Option<String> {
        let ((core, told), vrf) = tokio::join!(look_at_core(&self.core), look_at_vrf(&self.vrf));
        let after = Arc::new(Seen { upstreams: Upstreams { core, vrf }, core: told });
        self.history.take(after.states(), Instant::now(), unix_now());
        let before = self.seen.swap(Arc::clone(&after));
        let (old, new) = (&before.upstreams, &after.upstreams);
        let looks =
            [(self.core.name(), &old.core, &new.core), (self.vrf.name(), &old.vrf, &new.vrf)];
        for (name, old, new) in looks {
            tell(name, old, new);
        }
        let reasons: Vec<String> = looks
            .iter()
            .filter(|(.., health)| !health.ready)
            .map(|(name, _, health)| format!("{name} is not ready: {}", reason(health)))
            .collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// Looks for ever and keeps `readiness` true to what is seen.
    pub(crate) async fn keep_looking(self: Arc<Self>, readiness: Readiness) {
        loop {
            tokio::time::sleep(EVERY).await;
            readiness.set(self.look().await);
        }
    }
}

fn reason(health: &UpstreamHealth) -> &str {
    health.reason.as_deref().unwrap_or("no reason given")
}

/// Shows an upstream's health in the metrics, and a change of it in the log.
fn tell(name: &'static str, old: &UpstreamHealth, new: &UpstreamHealth) {
    let ready = if new.ready { 1.0 } else { 0.0 };
    metrics::gauge!("r4_gateway_upstream_ready", "upstream" => name).set(ready);
    match new.status {
        status if status == old.status => {}
        Health::Ok => tracing::info!(upstream = name, "upstream is well"),
        status => {
            let health = status.as_str();
            tracing::warn!(upstream = name, health, reason = reason(new), "upstream is not well");
        }
    }
}

/// Returns the worst of both.
pub(crate) fn overall(upstreams: &Upstreams) -> Health {
    match (upstreams.core.status, upstreams.vrf.status) {
        (Health::Down, _) | (_, Health::Down) => Health::Down,
        (Health::Ok, Health::Ok) => Health::Ok,
        _ => Health::Degraded,
    }
}

fn unwell(status: Health, reason: impl Into<String>) -> UpstreamHealth {
    let reason = Some(reason.into());
    UpstreamHealth { status, ready: false, mode: None, version: None, reason }
}

async fn look_at_vrf(upstream: &Upstream) -> UpstreamHealth {
    let mut health = look_at(upstream).await;
    let version = version::<ServiceVersion>(upstream, &health).await;
    health.version = version.map(|v| v.version);
    health
}

async fn look_at_core(upstream: &Upstream) -> (UpstreamHealth, Option<CoreVersion>) {
    let mut health = look_at(upstream).await;
    let told = version::<CoreVersion>(upstream, &health).await;
    if health.status == Health::Ok
        && let Some(reason) = trouble(told.as_ref())
    {
        health.status = Health::Degraded;
        health.reason = Some(reason);
    }
    if let Some(core) = &told {
        if health.status != Health::Ok {
            health.reason = core.reason.clone().or(health.reason);
        }
        health.mode = Some(core.mode);
        health.version = Some(core.version.clone());
    }
    (health, told)
}

/// Returns why r4-core is less than well although it is ready, if it is.
fn trouble(told: Option<&CoreVersion>) -> Option<String> {
    let Some(core) = told else { return Some("it does not tell its state".to_owned()) };
    (core.entropy.status != EntropyStatus::Ok).then(|| failing_sources(&core.entropy))
}

fn failing_sources(entropy: &Entropy) -> String {
    let tell = |source: &NoiseSource| {
        let state = match source.state {
            SourceState::Failed => "failed",
            SourceState::Intermittent => "is being tested again",
            SourceState::Ok | SourceState::Absent => return None,
        };
        let test = source.failed_test.as_ref().map(|test| format!(" ({test})")).unwrap_or_default();
        Some(format!("noise source {} {state}{test}", source.name))
    };
    let told: Vec<String> = entropy.sources.iter().filter_map(tell).collect();
    if told.is_empty() { "its entropy is not well".to_owned() } else { told.join(", ") }
}

async fn look_at(upstream: &Upstream) -> UpstreamHealth {
    match upstream.get("/ready", MOST_BYTES).await {
        Err(error) => unwell(Health::Down, error.to_string()),
        Ok(answer) if answer.status() == StatusCode::OK => UpstreamHealth {
            status: Health::Ok,
            ready: true,
            mode: None,
            version: None,
            reason: None,
        },
        Ok(answer) => {
            let detail = Problem::detail_of(answer.body());
            unwell(Health::Degraded, detail.as_deref().unwrap_or("it does not say why"))
        }
    }
}

async fn version<T: serde::de::DeserializeOwned>(
    upstream: &Upstream,
    health: &UpstreamHealth,
) -> Option<T> {
    if health.status == Health::Down {
        return None;
    }
    let answer = upstream.get("/version", MOST_BYTES).await.ok()?;
    serde_json::from_slice(answer.body()).ok()
}
