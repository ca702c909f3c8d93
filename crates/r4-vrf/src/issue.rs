//! Making an answer: index, proof, digest, signatures; and checking it before it leaves.
//!
//! The check is a verifier's, on the finished text, as a client will read it: the proof by ECVRF
//! verification, ECDSA by verification and recovery, ML-DSA-65 (made by aws-lc-rs) by fips204. For
//! the two curve schemes it shares the arithmetic of k256 with the making: it finds a fault of the
//! machine, which must not give a key away; a fault of the library is for the tests' second
//! implementation to find.

use r4_receipt::alpha::index_alpha;
use r4_receipt::message::mldsa_message;
use r4_receipt::{
    AlphaSource, Document, Domain, Head, Pin, Policy, Receipt, Require, Schemes, Unsigned,
    UnsignedAttestation, Verdict, verify,
};
use r4_sign::ecdsa;

use crate::core::CoreBytes;
use crate::error::{Fault, IssueError};
use crate::node::Node;
use crate::order::{Format, Order};

impl Node {
    /// Makes the receipt that `order` asks for, at `now` (Unix seconds); returns its JSON. Blocks.
    ///
    /// # Errors
    /// No index can be reserved, signing has stopped, or the proof has no form for contracts and
    /// one was asked for.
    pub fn issue_receipt(&self, order: Order, now: u64) -> Result<String, IssueError> {
        self.with_index(|index| {
            let format = order.format;
            let receipt = self.signed_receipt(order, index, now)?;
            let receipt = match format {
                Format::Json => receipt,
                Format::Evm => receipt.with_evm()?,
            };
            self.checked(&Document::Vrf(receipt)).map_err(IssueError::Fault)
        })
    }

    /// Attests bytes of r4-core, at `now` (Unix seconds); returns the JSON. Blocks.
    ///
    /// # Errors
    /// No index can be reserved, or signing has stopped.
    pub fn issue_attestation(
        &self,
        drawn: CoreBytes,
        domain: Domain,
        now: u64,
    ) -> Result<String, IssueError> {
        self.with_index(|index| {
            let head = self.head(index, now, domain, Schemes::Dual);
            let CoreBytes { bytes, mode, core_sha256 } = drawn;
            let unsigned = UnsignedAttestation { head, bytes, core_sha256, mode };
            let (ecdsa, mldsa) = self.sign(&unsigned.digest(), Schemes::Dual)?;
            self.checked(&Document::Attested(unsigned.signed(ecdsa, mldsa)?))
        })
    }

    fn signed_receipt(&self, order: Order, index: u64, now: u64) -> Result<Receipt, Fault> {
        let (alpha, alpha_source) = match order.alpha {
            Some(alpha) => (alpha, AlphaSource::Client),
            None => (index_alpha(&self.key_hash(), index), AlphaSource::Index),
        };
        let head = self.head(index, now, order.domain, order.schemes);
        let proof = self.keys.prove(&alpha)?;
        let unsigned = Unsigned { head, alpha, alpha_source, proof };
        let (ecdsa, mldsa) = self.sign(&unsigned.digest(), order.schemes)?;
        Ok(unsigned.signed(ecdsa, mldsa)?)
    }

    fn head(&self, index: u64, timestamp: u64, domain: Domain, schemes: Schemes) -> Head<'_> {
        Head { keys: &self.public, index, timestamp, domain, schemes }
    }

    fn sign(
        &self,
        digest: &[u8; 32],
        schemes: Schemes,
    ) -> Result<(Option<ecdsa::Signature>, Option<Vec<u8>>), Fault> {
        let ecdsa = schemes.has_ecdsa().then(|| self.keys.sign_ecdsa(digest)).transpose()?;
        let message = mldsa_message(digest);
        let mldsa = schemes.has_mldsa().then(|| self.keys.sign_mldsa(&message)).transpose()?;
        Ok((ecdsa, mldsa))
    }

    /// Writes the answer and checks the text as a client would who pins this node's keys.
    fn checked(&self, made: &Document) -> Result<String, Fault> {
        let text = made.to_json();
        let read = Document::parse(text.as_bytes())?;
        match verify(&read, &own_policy(self.key_hash_of_keys(), &read)).verdict() {
            Verdict::Valid if read == *made => Ok(text),
            Verdict::Valid => Err(Fault::Other),
            Verdict::Failed(check) => Err(Fault::Check(check)),
            Verdict::SelfConsistent => Err(Fault::Check("pin")),
        }
    }

    /// Computes the key hash anew from the secret keys' own public keys.
    fn key_hash_of_keys(&self) -> r4_receipt::KeyHash {
        self.keys.public_keys().key_set().key_hash()
    }
}

/// Returns the policy that trusts `key_hash` alone and demands what the document says it has; what
/// it has is part of the signed digest, so that nothing can be stripped.
pub(crate) fn own_policy(key_hash: r4_receipt::KeyHash, document: &Document) -> Policy {
    let require = match document.envelope().schemes() {
        Schemes::Dual => Require::Dual,
        Schemes::Ecdsa => Require::Ecdsa,
        Schemes::Mldsa => Require::Mldsa,
    };
    Policy { pin: Pin::KeyHashes(vec![key_hash]), require }
}
