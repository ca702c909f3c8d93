//! One look at a node, by its public API alone.

use r4_api::core::{Mode, RandomJson};
use r4_api::entropy::EntropyStatus;
use r4_api::gateway::{EntropyHealth, GatewayHealth, Health, LimitsAnswer};
use r4_receipt::keys_document::MAX_KEYS_DOCUMENT_BYTES;
use r4_receipt::{Document, MAX_DOCUMENT_BYTES, Pin, Policy, Require, Verdict, verify};
use r4_service::clock::unix_now;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::{StatusCode, Uri};
use zeroize::Zeroizing;

use super::certificate;
use super::channel::is_here;
use super::judge::{
    Running, clock, failing, is_demo_refused, malformed, parse, refusal, refused, why,
};
use super::roots::Roots;
use crate::exit::Error;
use crate::log::{Alarm, Client, Finding, Trust, Whole};

/// Bytes that are asked for.
const BYTES: usize = 32;
/// More bytes than the answers have that are not documents.
const MOST_BYTES: usize = 256 * 1024;

/// How nodes are looked at.
pub(super) struct How {
    pub(super) client: Client,
    pub(super) roots: Roots,
    pub(super) key: Option<Zeroizing<String>>,
    pub(super) receipt: bool,
    /// Seconds.
    pub(super) max_age: u64,
    /// Seconds.
    pub(super) max_skew: u64,
    /// Seconds that a certificate must last.
    pub(super) certificate: u64,
}

impl How {
    /// Refuses to send the API key where others can read it.
    ///
    /// # Errors
    /// The node is asked by http, and is not on this machine.
    pub(super) fn refuse_open_key(&self, node: &str) -> Result<(), Error> {
        let open =
            node.parse().is_ok_and(|uri: Uri| uri.scheme_str() == Some("http") && !is_here(&uri));
        if self.key.is_some() && open {
            let reason = "R4_API_KEY is sent by https alone, or on this machine";
            return Err(Error::unusable(node, reason));
        }
        Ok(())
    }
}

/// What one look gave.
pub(super) struct Look<'a> {
    how: &'a How,
    pub(super) node: &'a str,
    pub(super) findings: Vec<Finding>,
    pub(super) versions: Vec<Running>,
    /// What was seen, where nothing is wrong.
    pub(super) seen: String,
    trust: Option<Trust>,
}

impl<'a> Look<'a> {
    /// Looks at a node.
    pub(super) fn at(how: &'a How, node: &'a str) -> Self {
        let seen = String::new();
        let mut look = Self { how, node, findings: vec![], versions: vec![], seen, trust: None };
        if let Err(finding) = look.health() {
            look.findings.push(finding);
            return look;
        }
        for check in
            [Self::entropy, Self::limits, Self::log, Self::bytes, Self::receipt, Self::certificate]
        {
            if let Err(finding) = check(&mut look) {
                look.findings.push(finding);
            }
        }
        look
    }

    fn health(&mut self) -> Result<(), Finding> {
        let whole = self.ask("/v1/health", None, MOST_BYTES)?;
        if let Some(date) =
            whole.date.as_deref().and_then(|date| httpdate::parse_http_date(date).ok())
        {
            self.findings.extend(clock(date, self.how.max_skew));
        }
        // It is 503, with the same form, when a service is down.
        let health: GatewayHealth = match serde_json::from_slice(&whole.body) {
            Ok(health) => health,
            Err(_) if whole.status != StatusCode::OK => {
                return Err(Finding::new(Alarm::NotReady, refusal("/v1/health", &whole)));
            }
            Err(error) => return Err(malformed("/v1/health", &error)),
        };
        self.note("r4-gateway", Some(&health.version));
        let upstreams = health.upstreams;
        for (name, upstream) in [("r4-core", &upstreams.core), ("r4-vrf", &upstreams.vrf)] {
            self.note(name, upstream.version.as_ref());
            if upstream.status == Health::Down || !upstream.ready {
                let reason = format!("{name} is {}: {}", upstream.status.as_str(), why(upstream));
                self.findings.push(Finding::new(Alarm::NotReady, reason));
            }
        }
        if let Some(mode @ (Mode::Fallback | Mode::Blocked)) = upstreams.core.mode {
            let reason = format!("r4-core is {}: {}", mode.as_str(), why(&upstreams.core));
            self.findings.push(Finding::new(Alarm::NotSealed, reason));
        }
        self.seen = health.version;
        Ok(())
    }

    fn entropy(&mut self) -> Result<(), Finding> {
        let whole = self.ask("/v1/health/entropy", None, MOST_BYTES)?;
        let health: EntropyHealth = serde_json::from_slice(&whole.body)
            .map_err(|error| malformed("/v1/health/entropy", &error))?;
        match health.entropy {
            // What serves is told by /v1/health.
            Some(entropy)
                if entropy.status != EntropyStatus::Ok && health.mode == Some(Mode::Sealed) =>
            {
                Err(Finding::new(Alarm::Entropy, failing(&entropy)))
            }
            None if health.status == Health::Ok => {
                Err(Finding::invalid("/v1/health/entropy tells nothing of the entropy"))
            }
            _ => Ok(()),
        }
    }

    fn limits(&mut self) -> Result<(), Finding> {
        self.json::<LimitsAnswer>("/v1/limits", None).map(drop)
    }

    /// The public keys, and the log's checkpoint, which they must have signed.
    fn log(&mut self) -> Result<(), Finding> {
        let keys = self.good("/v1/keys", None, MAX_KEYS_DOCUMENT_BYTES)?;
        let trust = Trust::parse(&keys).map_err(|e| Finding::invalid(format!("/v1/keys: {e}")))?;
        let note = self.good("/v1/log/checkpoint", None, MOST_BYTES)?;
        let note = String::from_utf8(note)
            .map_err(|_| Finding::invalid("the checkpoint is no UTF-8 text"))?;
        let signed = trust.accept(&note)?;
        let (now, size) = (unix_now(), signed.checkpoint.size);
        self.trust = Some(trust);
        let age = now.saturating_sub(signed.timestamp);
        self.seen = format!("{}, {size} entries in the log, signed {age} s ago", self.seen);
        Finding::of_age(now, signed.timestamp, self.how.max_age).map_or(Ok(()), Err)
    }

    /// Real bytes, with the key if there is one.
    fn bytes(&mut self) -> Result<(), Finding> {
        let path = match self.key() {
            Some(_) => format!("/v1/random?n={BYTES}&fmt=json"),
            None => "/v1/demo/random".to_owned(),
        };
        let whole = self.ask(&path, self.key(), MOST_BYTES)?;
        if self.key().is_none() && is_demo_refused(&whole) {
            return Ok(());
        }
        let random: RandomJson = parse(&path, &whole)?;
        let bytes = hex::decode(&random.hex).unwrap_or_default();
        if bytes.len() != BYTES || bytes.iter().all(|byte| bytes.first() == Some(byte)) {
            return Err(Finding::invalid(format!("{path}: these are not {BYTES} random bytes")));
        }
        Ok(())
    }

    /// A receipt for an alpha that nobody asked for before; every check must hold.
    fn receipt(&mut self) -> Result<(), Finding> {
        let (true, Some(trust)) = (self.how.receipt, &self.trust) else { return Ok(()) };
        let alpha = hex::encode(format!("r4 monitor {}", unix_now()));
        let path = match self.key() {
            Some(_) => format!("/v1/vrf?sig=dual&alpha={alpha}"),
            None => format!("/v1/demo/vrf?alpha={alpha}"),
        };
        let bytes = self.good(&path, self.key(), MAX_DOCUMENT_BYTES)?;
        let document =
            Document::parse(&bytes).map_err(|e| Finding::invalid(format!("{path}: {e}")))?;
        let of = serde_json::from_slice::<Value>(&bytes).ok();
        if of.and_then(|of| Some(of.get("alpha")? == &format!("0x{alpha}"))) != Some(true) {
            return Err(Finding::invalid(format!("{path}: the receipt is for another alpha")));
        }
        let policy = Policy {
            pin: Pin::KeyHashes(trust.document.key_hashes().collect()),
            require: Require::Dual,
            log: Some(trust.log.clone()),
            witnesses: None,
        };
        match verify(&document, &policy).verdict() {
            Verdict::Valid => Ok(()),
            Verdict::SelfConsistent => Err(Finding::invalid("the receipt's signer is not known")),
            Verdict::Failed(check) => {
                Err(Finding::invalid(format!("the receipt does not verify: {check}")))
            }
        }
    }

    fn certificate(&mut self) -> Result<(), Finding> {
        if !self.node.starts_with("https://") {
            return Ok(());
        }
        let now = unix_now();
        let then = now.saturating_add(self.how.certificate);
        match certificate::ends_by(self.node, &self.how.roots, then) {
            Ok(None) => Ok(()),
            Ok(Some(end)) => {
                let hours = end.saturating_sub(now) / 3600;
                let reason = format!("it ends in {} days and {} hours", hours / 24, hours % 24);
                Err(Finding::new(Alarm::Certificate, reason))
            }
            Err(reason) => Err(Finding::new(Alarm::Unreachable, reason)),
        }
    }

    fn key(&self) -> Option<&'a str> {
        self.how.key.as_deref().map(String::as_str)
    }

    fn note(&mut self, program: &'static str, version: Option<&String>) {
        let node = self.node.to_owned();
        self.versions.extend(version.map(|v| Running { node, program, version: v.clone() }));
    }

    fn ask(&self, path: &str, key: Option<&str>, limit: usize) -> Result<Whole, Finding> {
        let url = format!("{}{path}", self.node);
        let whole = self.how.client.ask(&url, key, limit);
        whole.map_err(|error| Finding::new(Alarm::Unreachable, error))
    }

    /// Returns the body of an answer that must be 200.
    fn good(&self, path: &str, key: Option<&str>, limit: usize) -> Result<Vec<u8>, Finding> {
        let whole = self.ask(path, key, limit)?;
        if whole.status == StatusCode::OK { Ok(whole.body) } else { Err(refused(path, &whole)) }
    }

    fn json<T: DeserializeOwned>(&self, path: &str, key: Option<&str>) -> Result<T, Finding> {
        parse(path, &self.ask(path, key, MOST_BYTES)?)
    }
}
