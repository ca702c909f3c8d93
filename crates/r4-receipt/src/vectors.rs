//! `vectors/receipts.json`, which verifiers in every language read: made here, and checked here
//! against this crate.

mod agreement;
mod evm;
mod forged;
mod honest;
mod log;
mod malformed;

use std::path::{Path, PathBuf};
use std::string::{String, ToString as _};
use std::vec::Vec;

use r4_sign::Address;
use serde::Serialize;
use serde_json::Value;

use crate::envelope::{EcdsaPair, EcdsaSignature, MldsaPair, Signatures};
use crate::keys_document::Status;
use crate::testing::Node;
use crate::testing::log::TestLog;
use crate::{Document, Domain, KeysDocument, PublicKeys, Receipt, Schemes, Timestamp, Unsigned};

/// The whole file.
#[derive(Serialize)]
struct File {
    source: &'static str,
    trusted: Trusted,
    contract: Contract,
    cases: Vec<Case>,
}

/// What a verifier pins.
#[derive(Serialize)]
struct Trusted {
    key_hash: String,
    signer: String,
    keys: KeysDocument,
}

/// The deployed verifier.
#[derive(Serialize)]
struct Contract {
    chain_id: String,
    address: String,
}

/// One document and what is to be said of it.
#[derive(Clone, Serialize)]
struct Case {
    name: String,
    document: String,
    pin: &'static str,
    require: &'static str,
    verdict: &'static str,
    failed: Option<&'static str>,
    field: Option<String>,
    evm: Option<&'static str>,
}

const ACCEPTED: Option<&str> = Some("accepted");
const REFUSED: Option<&str> = Some("refused");

impl Case {
    /// Everything holds, and the key hash is pinned.
    fn valid(name: impl Into<String>, document: &Document) -> Self {
        let require = match document.envelope().schemes() {
            Schemes::Dual => "dual",
            Schemes::Ecdsa => "ecdsa",
            Schemes::Mldsa => "mldsa65",
        };
        Self {
            name: name.into(),
            document: document.to_json(),
            pin: "key_hash",
            require,
            verdict: "valid",
            failed: None,
            field: None,
            evm: None,
        }
    }

    /// Everything holds, and nothing is pinned.
    fn consistent(name: impl Into<String>, document: &Document) -> Self {
        Self { verdict: "self-consistent", ..Self::valid(name, document) }.pinned("none")
    }

    /// The named check is the first that fails, with the key hash pinned.
    fn failed(name: impl Into<String>, document: &Document, check: &'static str) -> Self {
        Self { verdict: "failed", failed: Some(check), ..Self::valid(name, document) }
    }

    /// The text is no document; the field is at fault, if one is.
    fn malformed(name: impl Into<String>, text: impl Into<String>, field: Option<&str>) -> Self {
        Self {
            name: name.into(),
            document: text.into(),
            pin: "none",
            require: "dual",
            verdict: "malformed",
            failed: None,
            field: field.map(Into::into),
            evm: None,
        }
    }

    fn pinned(self, pin: &'static str) -> Self {
        Self { pin, ..self }
    }

    fn requiring(self, require: &'static str) -> Self {
        Self { require, ..self }
    }

    fn on_chain(self, evm: Option<&'static str>) -> Self {
        Self { evm, ..self }
    }
}

/// The node that is trusted, one that is not, and the contract.
struct Stage {
    node: Node,
    stranger: Node,
    contract: Domain,
    log: TestLog,
}

/// Nodes of the epochs that are retired, announced and revoked.
const EPOCHS: [(u8, Status); 3] =
    [(20, Status::Retired), (40, Status::Announced), (60, Status::Revoked)];

impl Stage {
    fn new() -> Self {
        let address = Address::parse("0x23d93d09d2ec9b304b37a774c9b80c5503c03f0d").unwrap();
        let contract = Domain::new(Some(11_155_111), Some(address)).unwrap();
        let log = TestLog::new("node.example/v1/log", 200);
        Self { node: Node::new(1), stranger: Node::new(80), contract, log }
    }

    /// A receipt of the trusted node.
    fn receipt(
        &self,
        schemes: Schemes,
        alpha: Option<&[u8]>,
        change: impl FnOnce(&mut Unsigned<'_>),
    ) -> Receipt {
        let mut unsigned = self.node.unsigned(schemes, alpha);
        change(&mut unsigned);
        self.node.sign(unsigned)
    }

    /// A receipt bound to the contract.
    fn bound(&self, schemes: Schemes, alpha: Option<&[u8]>) -> Receipt {
        self.receipt(schemes, alpha, |unsigned| unsigned.head.domain = self.contract)
    }

    fn keys(&self) -> KeysDocument {
        let since = Timestamp::from_unix(1_787_315_696).ok();
        let document = |keys: &PublicKeys| -> Value {
            serde_json::from_str(&KeysDocument::of_active(keys, since).to_json()).unwrap()
        };
        let mut all = document(&self.node.keys);
        for (number, status) in EPOCHS {
            let keys = Node::new(number).keys;
            let mut epoch = document(&keys)["epochs"][0].take();
            epoch["status"] = status.name().into();
            all["epochs"].as_array_mut().unwrap().push(epoch);
        }
        let keys = KeysDocument::parse(all.to_string().as_bytes()).unwrap();
        keys.with_log(self.log.keys.clone())
    }

    fn file(&self) -> File {
        File {
            source: "crates/r4-receipt/src/vectors.rs, which says how to write it",
            trusted: Trusted {
                key_hash: self.node.keys.key_set().key_hash().to_string(),
                signer: self.node.address().to_string(),
                keys: self.keys(),
            },
            contract: Contract {
                chain_id: self.contract.chain_id().unwrap().to_string(),
                address: self.contract.contract().unwrap().to_string(),
            },
            cases: [
                honest::cases(self),
                forged::cases(self),
                malformed::cases(self),
                evm::cases(self),
                log::cases(self),
            ]
            .concat(),
        }
    }
}

/// Alpha of the receipts that contracts check.
const ALPHA: [u8; 32] = *b"alpha: a hash of 32 bytes, fixed";

/// Signs a receipt again after a change, with the keys of `signer` and under the key hash of the
/// keys that the receipt states.
fn signed_again(signer: &Node, mut receipt: Receipt) -> Receipt {
    let envelope = &mut receipt.envelope;
    let digest = {
        let schemes = envelope.schemes();
        let key_hash = envelope.keys.key_hash();
        receipt.digest(key_hash, schemes)
    };
    let envelope = &mut receipt.envelope;
    (envelope.id, envelope.msg_hash) = (digest, digest);
    let ecdsa = signer.sign_ecdsa(&digest);
    let fields =
        EcdsaSignature { v: ecdsa.v, r: ecdsa.r, s: ecdsa.s, signer_addr: signer.address() };
    let signature = signer.sign_mldsa(&digest);
    envelope.signatures = match envelope.signatures.clone() {
        Signatures::Ecdsa(_, pair) => {
            Signatures::Ecdsa(fields, EcdsaPair { signature: ecdsa.to_bytes(), ..pair })
        }
        Signatures::Mldsa(pair) => Signatures::Mldsa(MldsaPair { signature, ..pair }),
        Signatures::Dual(_, pair) => Signatures::Dual(fields, MldsaPair { signature, ..pair }),
    };
    receipt
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/receipts.json")
}

#[expect(clippy::disallowed_methods, reason = "asked for by hand, in tests alone")]
fn asked_to_write() -> bool {
    std::env::var_os("R4_WRITE_VECTORS").is_some()
}

#[test]
fn the_file_is_what_is_made_here() {
    let made = serde_json::to_string_pretty(&Stage::new().file()).unwrap() + "\n";
    if asked_to_write() {
        std::fs::write(path(), &made).unwrap();
    }
    let committed = std::fs::read_to_string(path()).unwrap_or_default();
    let command = "R4_WRITE_VECTORS=1 cargo test -p r4-receipt the_file_is_what";
    assert!(made == committed, "vectors/receipts.json differs; `{command}` writes it");
    assert!(made.len() < 3_500_000, "{} bytes", made.len());
}
