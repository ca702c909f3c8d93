//! The witnesses that are asked to cosign the log's checkpoints (c2sp.org/tlog-witness). They are
//! asked in the background: no answer waits for one.

use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use r4_logstore::LogStore;
use r4_tlog::{AddCheckpoint, Algorithm, SignatureLine, SignedCheckpoint, VerifierKey};
use ureq::Agent;
use ureq::tls::TlsConfig;

use crate::body::brief;
use crate::observe::{self, Cosigning};

/// Most time for a witness's answer.
const DEADLINE: Duration = Duration::from_secs(5);
/// Most witnesses: with the cosignatures of more, a receipt could be longer than verifiers accept.
const MOST: usize = 8;
/// More than any witness answers.
const MOST_BYTES: u64 = 64 * 1024;

/// A witness: where it is, and the keys that its cosignatures are believed by.
#[derive(Clone, Debug)]
pub struct Witness {
    url: String,
    keys: Vec<VerifierKey>,
    agent: Agent,
    /// Leaves of the last checkpoint that it cosigned, as far as is known here.
    seen: Arc<Mutex<u64>>,
}

/// Why a witness's setting is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{item:?} is not usable as KEY@URL: {why}")]
pub struct WitnessError {
    item: String,
    why: String,
}

/// Why a witness has not cosigned.
#[derive(Debug, thiserror::Error)]
enum CosignError {
    #[error("it does not answer: {0}")]
    Unreachable(#[from] ureq::Error),
    #[error("its answer cannot be read: {0}")]
    Answer(#[from] std::io::Error),
    #[error("it answered {status}: {said}")]
    Refused { status: u16, said: String },
    #[error("it has seen {size} entries of this log, which has {own}: the log was rolled back")]
    Ahead { size: u64, own: u64 },
    #[error("it has seen other entries of this log: the log was rolled back or rewritten")]
    Contradicts,
    #[error("its answer has no cosignature of the checkpoint by a key that is configured")]
    NoCosignature,
    #[error("the log cannot be read: {0}")]
    Log(#[from] r4_logstore::ReadError),
}

impl Witness {
    /// Reads `KEY@URL`, with commas between. Keys of the same URL are one witness's.
    ///
    /// # Errors
    /// Names the item and what is wrong with it.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, WitnessError> {
        let mut witnesses: Vec<Self> = Vec::new();
        let agent = agent();
        for item in text.split([',', ' ', '\n']).filter(|item| !item.is_empty()) {
            let (key, url) =
                parse_item(item).map_err(|why| WitnessError { item: item.to_owned(), why })?;
            match witnesses.iter_mut().find(|witness| witness.url == url) {
                Some(witness) => witness.keys.push(key),
                None => witnesses.push(Self {
                    url,
                    keys: vec![key],
                    agent: agent.clone(),
                    seen: Arc::default(),
                }),
            }
        }
        match witnesses.get(MOST) {
            Some(witness) => Err(WitnessError {
                item: witness.url.clone(),
                why: format!("there are more than {MOST} witnesses"),
            }),
            None => Ok(witnesses),
        }
    }

    /// Asks for cosignatures of a checkpoint of `store`. What goes wrong is logged and counted.
    /// Blocks.
    pub(crate) fn cosign(&self, store: &LogStore, signed: &SignedCheckpoint) -> Vec<SignatureLine> {
        match self.ask(store, signed) {
            Ok(lines) => {
                observe::cosigned(Cosigning::Done);
                lines
            }
            Err(error) => {
                let other = matches!(error, CosignError::Ahead { .. } | CosignError::Contradicts);
                observe::cosigned(if other { Cosigning::Other } else { Cosigning::Failed });
                if other {
                    tracing::error!(witness = self.url, %error, "ALARM: a witness does not cosign");
                } else {
                    tracing::warn!(witness = self.url, %error, "a witness does not cosign");
                }
                Vec::new()
            }
        }
    }

    fn ask(
        &self,
        store: &LogStore,
        signed: &SignedCheckpoint,
    ) -> Result<Vec<SignatureLine>, CosignError> {
        let own = signed.checkpoint.size;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..2 {
            let old = *seen;
            let proof = store.consistency(old, own)?;
            let request = AddCheckpoint { old, proof, checkpoint: signed.to_string() };
            let (status, said) = self.post(&request.to_string())?;
            match (status, said.trim_end().parse::<u64>()) {
                (200, _) => {
                    *seen = own;
                    return self.lines(&said, signed);
                }
                (409, Ok(size)) if size > own => return Err(CosignError::Ahead { size, own }),
                (409, Ok(size)) if size != old => *seen = size,
                // It has seen `old` entries, or as many as there are, and they were others.
                (409, Ok(_)) | (422, _) => return Err(CosignError::Contradicts),
                _ => return Err(CosignError::Refused { status, said: brief(&said) }),
            }
        }
        Err(CosignError::Refused { status: 409, said: "it names another size each time".into() })
    }

    fn post(&self, body: &str) -> Result<(u16, String), CosignError> {
        let url = format!("{}/add-checkpoint", self.url);
        let mut answer = self.agent.post(&url).send(body)?;
        let mut said = String::new();
        answer.body_mut().as_reader().take(MOST_BYTES).read_to_string(&mut said)?;
        Ok((answer.status().as_u16(), said))
    }

    /// Takes the lines of this witness's keys that verify; others are ignored.
    fn lines(
        &self,
        said: &str,
        signed: &SignedCheckpoint,
    ) -> Result<Vec<SignatureLine>, CosignError> {
        let lines = SignatureLine::parse_all(said).unwrap_or_default();
        let good = |line: &SignatureLine| {
            self.keys.iter().any(|key| key.verify_line(&signed.checkpoint, line).is_ok())
        };
        let lines: Vec<SignatureLine> = lines.into_iter().filter(good).collect();
        if lines.is_empty() { Err(CosignError::NoCosignature) } else { Ok(lines) }
    }
}

fn agent() -> Agent {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(provider));
    let config = Agent::config_builder()
        .tls_config(tls.build())
        .timeout_global(Some(DEADLINE))
        .http_status_as_error(false)
        .max_redirects(0);
    config.build().new_agent()
}

fn parse_item(item: &str) -> Result<(VerifierKey, String), String> {
    let (key, url) = item.split_once("@http").ok_or("there is no @http:// or @https:// in it")?;
    let url = format!("http{url}");
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err("the address does not begin with http:// or https://".to_owned());
    }
    let key = VerifierKey::parse(key).map_err(|error| error.to_string())?;
    match key.algorithm() {
        Algorithm::Ed25519 => Err("the key is a log's, not a witness's".to_owned()),
        Algorithm::CosignatureEd25519 | Algorithm::CosignatureMldsa44 => {
            Ok((key, url.trim_end_matches('/').to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Witness;
    use r4_tlog::{Algorithm, VerifierKey};

    fn key(name: &str, algorithm: Algorithm) -> String {
        VerifierKey::new(name, algorithm, &[7; 32]).unwrap().to_string()
    }

    #[test]
    fn keys_of_one_address_are_one_witness() {
        let key = |name| key(name, Algorithm::CosignatureEd25519);
        let text =
            format!("{}@http://a:1/, {}@https://b/w,{}@http://a:1", key("a"), key("b"), key("c"));
        let witnesses = Witness::parse_list(&text).unwrap();
        let urls: Vec<_> = witnesses.iter().map(|w| (w.url.as_str(), w.keys.len())).collect();
        assert_eq!(urls, [("http://a:1", 2), ("https://b/w", 1)]);
        assert!(Witness::parse_list("").unwrap().is_empty());
    }

    #[test]
    fn a_witness_that_is_not_there_is_an_error_by_either_scheme() {
        let key = key("w", Algorithm::CosignatureEd25519);
        for scheme in ["http", "https"] {
            let text = format!("{key}@{scheme}://127.0.0.1:1");
            let witness = Witness::parse_list(&text).unwrap().pop().unwrap();
            let error = witness.post("old 0").unwrap_err().to_string();
            assert!(error.contains("does not answer"), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let good = key("w", Algorithm::CosignatureEd25519);
        let log = key("l", Algorithm::Ed25519);
        let many: Vec<String> = (0..9).map(|n| format!("{good}@http://w{n}")).collect();
        for (text, why) in [
            ("no-key".to_owned(), "no @http"),
            (format!("{good}@ftp://w"), "no @http"),
            (format!("{good}@httpx://w"), "does not begin with"),
            ("garbage@http://w".to_owned(), "key"),
            (format!("{log}@http://w"), "a log's"),
            (many.join(","), "more than 8"),
        ] {
            let error = Witness::parse_list(&text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
