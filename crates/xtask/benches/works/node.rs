//! A node's keys, and what it makes with them: the same steps as r4-vrf, whose own are not for others
//! to call.

use r4_keystore::keys::NodeKeys;
use r4_keystore::note_keys::NoteKeys;
use r4_keystore::seed::RootSeed;
use r4_receipt::alpha::index_alpha;
use r4_receipt::message::mldsa_message;
use r4_receipt::{
    AlphaSource, Attestation, Document, Domain, Head, KeyHash, Log, LogKeys, Mode, Pin, Policy,
    Receipt, Require, Schemes, Unsigned, UnsignedAttestation,
};
use r4_sign::{Address, ecdsa};
use r4_tlog::{Checkpoint, SignedCheckpoint, hash};
use zeroize::Zeroizing;

use super::log::{INDEX, SIZE, Tree};

/// When everything is signed.
pub(super) const SIGNED_AT: u64 = 1_787_315_696;
/// The log's name.
pub(super) const ORIGIN: &str = "log.example.org/v1/log";

/// The keys of a node and of its log.
pub(super) struct Node {
    pub(super) keys: NodeKeys,
    pub(super) log: NoteKeys,
}

impl Node {
    pub(super) fn new() -> Self {
        let seed = |byte| RootSeed::from_bytes(Zeroizing::new([byte; 32]));
        Self {
            keys: NodeKeys::derive(&seed(1)).expect("a good seed"),
            log: NoteKeys::log(&seed(2), ORIGIN).expect("a good name"),
        }
    }

    pub(super) fn key_hash(&self) -> KeyHash {
        self.keys.public_keys().key_set().key_hash()
    }

    /// Proves the output of an index's own alpha.
    pub(super) fn prove(&self, index: u64) -> Unsigned<'_> {
        let alpha = index_alpha(&self.key_hash(), index);
        self.prove_alpha(index, alpha, AlphaSource::Index)
    }

    /// Proves the output of an alpha.
    pub(super) fn prove_alpha(
        &self,
        index: u64,
        alpha: Vec<u8>,
        alpha_source: AlphaSource,
    ) -> Unsigned<'_> {
        let proof = self.keys.prove(&alpha).expect("a point");
        Unsigned { head: self.head(index, Domain::default()), alpha, alpha_source, proof }
    }

    pub(super) fn head(&self, index: u64, domain: Domain) -> Head<'_> {
        let (keys, schemes) = (self.keys.public_keys(), Schemes::Dual);
        Head { keys, index, timestamp: SIGNED_AT, domain, schemes }
    }

    /// Signs by both schemes.
    pub(super) fn sign(&self, unsigned: Unsigned<'_>) -> Receipt {
        let (ecdsa, mldsa) = self.signatures(&unsigned.digest());
        unsigned.signed(Some(ecdsa), Some(mldsa)).expect("a receipt")
    }

    /// Attests 32 bytes.
    pub(super) fn attest(&self) -> Attestation {
        let head = self.head(INDEX, Domain::default());
        let (bytes, core_sha256, mode) = (vec![0xa5; 32], [0xc0; 32], Mode::Sealed);
        let unsigned = UnsignedAttestation { head, bytes, core_sha256, mode };
        let (ecdsa, mldsa) = self.signatures(&unsigned.digest());
        unsigned.signed(Some(ecdsa), Some(mldsa)).expect("an attestation")
    }

    fn signatures(&self, digest: &[u8; 32]) -> (ecdsa::Signature, Vec<u8>) {
        let ecdsa = self.keys.sign_ecdsa(digest).expect("never fails");
        (ecdsa, self.keys.sign_mldsa(&mldsa_message(digest)).expect("never fails"))
    }

    /// Adds where the document stands in the log; its index is [`INDEX`].
    pub(super) fn in_log(&self, document: Document) -> Document {
        let leaf_hash = hash::leaf_hash(&document.entry(self.key_hash()).to_bytes());
        let tree = Tree::around(leaf_hash);
        let (origin, root) = (ORIGIN.to_owned(), tree.root());
        let checkpoint = Checkpoint { origin: origin.clone(), size: SIZE, root };
        let lines = self.log.sign(&checkpoint, SIGNED_AT).expect("never fails");
        let checkpoint = SignedCheckpoint::new(checkpoint, lines).to_string();
        let (index, tree_size, inclusion) = (INDEX, SIZE, tree.proof());
        document.with_log(Some(Log {
            origin,
            index,
            leaf_hash,
            tree_size,
            root,
            inclusion,
            checkpoint,
        }))
    }

    /// Trusts this node alone, and demands both signatures.
    pub(super) fn policy(&self) -> Policy {
        let pin = Pin::KeyHashes(vec![self.key_hash()]);
        Policy { pin, require: Require::Dual, ..Policy::default() }
    }

    /// Trusts the log too.
    pub(super) fn policy_with_log(&self) -> Policy {
        let log = LogKeys::new(self.log.verifier_keys().clone()).expect("two keys");
        Policy { log: Some(log), ..self.policy() }
    }
}

/// A domain that is bound to a contract.
pub(super) fn contract() -> Domain {
    let address = Address::parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed").expect("an address");
    Domain::new(Some(11_155_111), Some(address)).expect("a domain")
}
