//! Making an answer: index, proof, digest, signatures, entry in the log; and checking it before it
//! leaves.
//!
//! The check is a verifier's: before the entry is written the proof by ECVRF verification, ECDSA by verification and recovery, ML-DSA-65 (made by aws-lc-rs) by fips204. For
//! the two curve schemes it shares the arithmetic of k256 with the making: it finds a fault of the
//! machine, which must not give a key away; a fault of the library is for the tests' second
//! implementation to find. What the log adds is checked on the finished text, as a client will read
//! it.

use r4_logstore::{AppendError, Included, Record};
use r4_receipt::alpha::index_alpha;
use r4_receipt::message::mldsa_message;
use r4_receipt::{
    AlphaSource, Document, Domain, Head, Log, Outcome, Pin, Policy, Receipt, Require, Schemes,
    Unsigned, UnsignedAttestation, Verdict, verify, verify_log,
};
use r4_sign::ecdsa;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::core::CoreBytes;
use crate::epochs::Active;
use crate::error::{Fault, IssueError};
use crate::induced::without_log;
use crate::node::Node;
use crate::order::{Format, Order};

/// A checked answer whose entry is on its way into the log. It may not leave before it is there.
#[derive(Debug)]
pub struct Pending {
    document: Document,
    format: Format,
    included: oneshot::Receiver<Result<Included, AppendError>>,
}

impl Pending {
    /// Waits for the entry to be durable, and returns the finished text.
    ///
    /// # Errors
    /// The log cannot be written, or signing has stopped meanwhile.
    pub async fn finish(self, node: &Node) -> Result<String, IssueError> {
        let Self { document, format, included } = self;
        let document = if without_log() {
            document
        } else {
            let included = included.await.unwrap_or(Err(AppendError::Closed))?;
            document.with_log(Some(part(node.log().origin(), included)))
        };
        node.running()?;
        finished(&document, format).map_err(|fault| node.failed(fault.into()))
    }
}

impl Node {
    /// Makes the receipt that `order` asks for, at `now` (Unix seconds). Blocks.
    ///
    /// # Errors
    /// No index can be reserved, signing has stopped, or the proof has no form for contracts and
    /// one was asked for.
    pub fn issue_receipt(&self, order: Order, now: u64) -> Result<Pending, IssueError> {
        self.with_index(|index, active, open| {
            let format = order.format;
            let now = self.epochs.not_before(now);
            let receipt = signed_receipt(active, order, index, now)?;
            let body = receipt.to_stored();
            let receipt = match format {
                Format::Json | Format::TlogProof => receipt,
                Format::Evm => receipt.with_evm()?,
            };
            let document = Document::Vrf(receipt);
            self.logged(active, document, format, body, open).map_err(IssueError::Fault)
        })
    }

    /// Attests bytes of r4-core, at `now` (Unix seconds). Blocks.
    ///
    /// # Errors
    /// No index can be reserved, or signing has stopped.
    pub fn issue_attestation(
        &self,
        drawn: CoreBytes,
        domain: Domain,
        now: u64,
    ) -> Result<Pending, IssueError> {
        self.with_index(|index, active, open| {
            let now = self.epochs.not_before(now);
            let head = head(active, index, now, domain, Schemes::Dual);
            let CoreBytes { bytes, mode, core_sha256 } = drawn;
            let unsigned = UnsignedAttestation { head, bytes, core_sha256, mode };
            let (ecdsa, mldsa) = sign(active, &unsigned.digest(), Schemes::Dual)?;
            let document = Document::Attested(unsigned.signed(ecdsa, mldsa)?);
            // The bytes are not kept: they are never served again.
            self.logged(active, document, Format::Json, Vec::new(), open)
        })
    }

    /// Checks the answer as a client would who pins this node's keys, and hands its entry to the log.
    fn logged(
        &self,
        active: &Active,
        document: Document,
        format: Format,
        body: Vec<u8>,
        open: OwnedSemaphorePermit,
    ) -> Result<Pending, Fault> {
        // Computed anew from the secret keys' own public keys.
        let key_hash = active.keys.public_keys().key_set().key_hash();
        match verify(&document, &own_policy(key_hash, &document)).verdict() {
            Verdict::Valid => {}
            Verdict::Failed(check) => return Err(Fault::Check(check)),
            Verdict::SelfConsistent => return Err(Fault::Check("pin")),
        }
        let envelope = document.envelope();
        let entry = document.entry(key_hash).to_bytes();
        let record = Record { index: envelope.index, id: Some(envelope.id), entry, body };
        let (done, included) = oneshot::channel();
        if !without_log() {
            let done = move |result| {
                drop(open);
                // A caller that has gone needs no answer.
                drop(done.send(result));
            };
            self.log().append(record, Box::new(done));
        }
        Ok(Pending { document, format, included })
    }
}

fn signed_receipt(active: &Active, order: Order, index: u64, now: u64) -> Result<Receipt, Fault> {
    let (alpha, alpha_source) = match order.alpha {
        Some(alpha) => (alpha, AlphaSource::Client),
        None => (index_alpha(&active.key_hash, index), AlphaSource::Index),
    };
    let head = head(active, index, now, order.domain, order.schemes);
    let proof = active.keys.prove(&alpha)?;
    let unsigned = Unsigned { head, alpha, alpha_source, proof };
    let (ecdsa, mldsa) = sign(active, &unsigned.digest(), order.schemes)?;
    Ok(unsigned.signed(ecdsa, mldsa)?)
}

fn head(active: &Active, index: u64, timestamp: u64, domain: Domain, schemes: Schemes) -> Head<'_> {
    Head { keys: &active.public, index, timestamp, domain, schemes }
}

fn sign(
    active: &Active,
    digest: &[u8; 32],
    schemes: Schemes,
) -> Result<(Option<ecdsa::Signature>, Option<Vec<u8>>), Fault> {
    let ecdsa = schemes.has_ecdsa().then(|| active.keys.sign_ecdsa(digest)).transpose()?;
    let message = mldsa_message(digest);
    let mldsa = schemes.has_mldsa().then(|| active.keys.sign_mldsa(&message)).transpose()?;
    Ok((ecdsa, mldsa))
}

/// Writes the answer, reads it as a client does, and checks what the log added.
fn finished(document: &Document, format: Format) -> Result<String, Fault> {
    let text = match format {
        Format::Json | Format::Evm => document.to_json(),
        Format::TlogProof => document.to_tlog_proof().ok_or(Fault::Other)?,
    };
    let read = Document::parse_file(text.as_bytes())?;
    let wrong = verify_log(&read).into_iter().find(|check| check.outcome == Outcome::Failed);
    match wrong {
        Some(check) => Err(Fault::Check(check.name)),
        None if read == *document => Ok(text),
        None => Err(Fault::Other),
    }
}

/// Returns the part of an answer that says where its entry is.
pub(crate) fn part(origin: &str, included: Included) -> Log {
    let Included { index, leaf_hash, tree_size, root, proof, checkpoint } = included;
    let (origin, checkpoint) = (origin.to_owned(), checkpoint.as_ref().to_owned());
    Log { origin, index, leaf_hash, tree_size, root, inclusion: proof, checkpoint }
}

/// Returns the policy that trusts `key_hash` alone and demands what the document says it has; what
/// it has is part of the signed digest, so that nothing can be stripped.
pub(crate) fn own_policy(key_hash: r4_receipt::KeyHash, document: &Document) -> Policy {
    let require = match document.envelope().schemes() {
        Schemes::Dual => Require::Dual,
        Schemes::Ecdsa => Require::Ecdsa,
        Schemes::Mldsa => Require::Mldsa,
    };
    Policy { pin: Pin::KeyHashes(vec![key_hash]), require, ..Policy::default() }
}
