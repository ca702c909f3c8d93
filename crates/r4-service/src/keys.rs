//! The keys between callers and services: what a service accepts, and what it sends to others.
//!
//! A setting may hold several keys, separated by white space: the first is sent, every one is
//! accepted. So a key is replaced without a moment in which one side knows only the old one and the
//! other only the new one. Keys that come from files are read again at SIGHUP, and at no other time.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use tokio::signal::unix::{SignalKind, signal};

use crate::auth::{ApiKey, KeyStrength, Secret};
use crate::config::Env;
use crate::domain::Domain;
use crate::secrets::{API_KEY, INTERNAL_KEY, SecretSetting, Source};
use crate::server::ServeError;

/// Most keys of a setting: each is compared with at every request.
const MOST_KEYS: usize = 8;

/// The keys of a service. Its guards and its clients share them, and see a change at once.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    now: ArcSwap<KeySet>,
    api: Source,
    internal: Option<Source>,
    domain: Domain,
}

/// The keys of both settings, as they were read together.
pub(crate) struct KeySet {
    api: KeyList,
    /// `R4_INTERNAL_KEY`; the API key without it.
    internal: Option<KeyList>,
}

/// The keys of one setting.
struct KeyList {
    sent: Secret,
    accepted: Vec<ApiKey>,
}

/// Whose keys are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// Callers'.
    Callers,
    /// Callers', and those of the node's own services.
    CallersAndServices,
}

impl Keys {
    /// Reads both settings; what is wrong is gathered in `env`.
    pub fn read(env: &mut Env, domain: &Domain) -> Option<Self> {
        let (api, internal) = (API_KEY.source(env), INTERNAL_KEY.source(env));
        if api.is_none() {
            env.error(
                "R4_API_KEY is not set: choose a key, for example with `openssl rand -hex 32`",
            );
        }
        let mut list = |setting, source: &Source| {
            let list = KeyList::read(setting, source, domain);
            list.map_err(|sentences| sentences.into_iter().for_each(|s| env.error(s))).ok()
        };
        let api_list = api.as_ref().and_then(|source| list(API_KEY, source));
        let internal_list = internal.as_ref().map(|source| list(INTERNAL_KEY, source));
        // A setting that cannot be used is not one that is not there.
        let internal_list = internal_list.map_or(Some(None), |list| list.map(Some))?;
        let now = ArcSwap::from_pointee(KeySet { api: api_list?, internal: internal_list });
        Some(Self(Arc::new(Inner { now, api: api?, internal, domain: domain.clone() })))
    }

    /// Returns the keys as they are now.
    pub(crate) fn now(&self) -> Guard<Arc<KeySet>> {
        self.0.now.load()
    }

    /// Begins to watch for SIGHUP, and reads the keys' files again each time it comes.
    ///
    /// # Errors
    /// [`ServeError::Signals`].
    pub fn read_again_at_hangup(&self) -> Result<(), ServeError> {
        let mut hangup = signal(SignalKind::hangup()).map_err(ServeError::Signals)?;
        let keys = self.clone();
        tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                let keys = keys.clone();
                let read = tokio::task::spawn_blocking(move || keys.read_again()).await;
                if let Err(cause) = read {
                    tracing::error!(%cause, "the keys were not read again: the old ones stay");
                }
            }
        });
        Ok(())
    }

    /// Reads the files again. All keys change together, or none does.
    fn read_again(&self) {
        let Inner { now, api, internal, domain } = &*self.0;
        let sources = [Some(api), internal.as_ref()];
        if !sources.iter().flatten().any(|source| matches!(source, Source::File(_))) {
            tracing::warn!("no key comes from a file: SIGHUP changes none");
            return;
        }
        let read = |setting, source: &Source| KeyList::read(setting, source, domain);
        let lists = read(API_KEY, api).and_then(|api| {
            let internal = internal.as_ref().map(|source| read(INTERNAL_KEY, source)).transpose();
            Ok(KeySet { api, internal: internal? })
        });
        let set = match lists {
            Ok(set) => Arc::new(set),
            Err(sentences) => {
                let cause = sentences.join("; ");
                tracing::error!(cause, "the keys cannot be read again: the old ones stay");
                return;
            }
        };
        let old = now.swap(Arc::clone(&set));
        tell(API_KEY, &old.api, &set.api);
        if let (Some(old), Some(new)) = (&old.internal, &set.internal) {
            tell(INTERNAL_KEY, old, new);
        }
    }
}

/// Logs what is different, without a key.
fn tell(setting: SecretSetting, old: &KeyList, new: &KeyList) {
    let without = |these: &KeyList, those: &KeyList| {
        these
            .accepted
            .iter()
            .filter(|key| !those.accepted.iter().any(|other| other.is(key)))
            .count()
    };
    let (setting, added, removed) = (setting.name, without(new, old), without(old, new));
    let sends_another =
        !new.accepted.iter().zip(&old.accepted).take(1).all(|(new, old)| new.is(old));
    let accepted = new.accepted.len();
    tracing::info!(setting, accepted, added, removed, sends_another, "the keys were read again");
}

impl KeySet {
    /// Returns the keys to be accepted.
    pub(crate) fn accepted(&self, accepts: Accepts) -> impl Iterator<Item = &ApiKey> {
        let internal = self.internal.as_ref().filter(|_| accepts == Accepts::CallersAndServices);
        let internal = internal.map_or(&[][..], |list| &list.accepted);
        self.api.accepted.iter().chain(internal)
    }

    /// Returns the key to send to the node's other services.
    pub(crate) fn sent(&self) -> &Secret {
        &self.internal.as_ref().unwrap_or(&self.api).sent
    }
}

impl KeyList {
    fn read(setting: SecretSetting, source: &Source, domain: &Domain) -> Result<Self, Vec<String>> {
        let text = setting.text(source).map_err(|sentence| vec![sentence])?;
        Self::parse(setting, &text, domain)
    }

    /// Takes the keys of `setting`, if each can be sent and suits the node's name.
    fn parse(setting: SecretSetting, text: &str, domain: &Domain) -> Result<Self, Vec<String>> {
        let name = setting.name;
        let (mut wrong, mut accepted, mut sent) = (Vec::new(), Vec::new(), None);
        for text in text.split_whitespace() {
            accepted.push(ApiKey::new(text));
            let secret = Secret::new(text);
            if secret.is_none() {
                wrong.push(format!(
                    "{name} must be letters, digits and signs of ASCII: it is sent in a header"
                ));
            }
            sent = sent.or(secret);
        }
        let weak = accepted.iter().any(|key| key.strength() == KeyStrength::Weak);
        let advice = "at least 16 random characters, for example with `openssl rand -hex 32`";
        if weak && domain.is_public() {
            wrong.push(format!("{name} is too weak for a public DOMAIN: set {advice}"));
        } else if weak && accepted.len() > 1 {
            // Most likely one key with a space in it.
            wrong.push(format!("{name} has several keys, separated by white space, and one is too weak: each must have {advice}"));
        }
        if accepted.len() > MOST_KEYS {
            wrong.push(format!("{name} has more than {MOST_KEYS} keys"));
        }
        match sent {
            Some(sent) if wrong.is_empty() => Ok(Self { sent, accepted }),
            _ => Err(wrong),
        }
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

#[cfg(test)]
mod tests;
