//! A node for tests: keys from a number, signatures by this project's ECDSA and by fips204.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers, in tests alone")]

pub(crate) mod log;

use std::path::Path;
use std::prelude::v1::*;
use std::vec;

use fips204::ml_dsa_65;
use fips204::traits::{KeyGen as _, SerDes as _, Signer as _};
use serde_json::Value;

use r4_sign::{Address, ecdsa};

use crate::alpha::index_alpha;
use crate::entry::{Announcement, EpochKeys, Handover};
use crate::message::mldsa_message;
use crate::{
    AlphaSource, Attestation, Document, Domain, Head, Mode, PublicKeys, Receipt, Schemes, Unsigned,
    UnsignedAttestation,
};

/// The keys of an epoch.
pub(crate) struct Node {
    ecvrf: r4_ecvrf::SecretKey,
    ecdsa: ecdsa::SigningKey,
    mldsa: ml_dsa_65::PrivateKey,
    pub(crate) keys: PublicKeys,
}

impl Node {
    pub(crate) fn new(number: u8) -> Self {
        Self::of_seeds(number, number + 2)
    }

    /// A node whose ECDSA key may be another one's.
    pub(crate) fn of_seeds(number: u8, ecdsa: u8) -> Self {
        let ecvrf = r4_ecvrf::SecretKey::from_bytes(&[number; 32]).unwrap();
        let ecvrf_evm = r4_ecvrf::SecretKey::from_bytes(&[number + 1; 32]).unwrap();
        let ecdsa = ecdsa::SigningKey::from_bytes(&[ecdsa; 32]).unwrap();
        let (mldsa_public, mldsa) = ml_dsa_65::KG::keygen_from_seed(&[number; 32]);
        let keys = PublicKeys {
            ecvrf: ecvrf.public_key().to_bytes(),
            ecdsa: ecdsa.verifying_key().to_bytes(),
            mldsa65: mldsa_public.into_bytes(),
            ecvrf_evm: ecvrf_evm.public_key().to_bytes(),
        };
        Self { ecvrf, ecdsa, mldsa, keys }
    }

    pub(crate) fn address(&self) -> Address {
        self.ecdsa.verifying_key().address()
    }

    pub(crate) fn head(&self, index: u64, domain: Domain, schemes: Schemes) -> Head<'_> {
        Head { keys: &self.keys, index, timestamp: 1_787_315_696, domain, schemes }
    }

    /// What the request asks for, before it is signed.
    pub(crate) fn unsigned(&self, schemes: Schemes, alpha: Option<&[u8]>) -> Unsigned<'_> {
        let key_hash = self.keys.key_set().key_hash();
        let index = 9_007_199_254_740_993;
        let (alpha, alpha_source) = match alpha {
            Some(alpha) => (alpha.to_vec(), AlphaSource::Client),
            None => (index_alpha(&key_hash, index), AlphaSource::Index),
        };
        let head = self.head(index, Domain::default(), schemes);
        Unsigned { head, proof: self.prove(&alpha), alpha, alpha_source }
    }

    pub(crate) fn prove(&self, alpha: &[u8]) -> r4_ecvrf::Proof {
        self.ecvrf.prove(alpha).unwrap()
    }

    /// Signs that `keys` follow.
    pub(crate) fn announce(&self, said: &Announcement, keys: &PublicKeys) -> EpochKeys {
        let mldsa65 = self.sign_mldsa_message(&said.mldsa_message(), b"");
        let previous = Handover {
            key_hash: said.previous,
            valid_from: said.valid_from,
            ecdsa: self.sign_ecdsa(&said.digest()).to_bytes(),
            mldsa65: Box::new(mldsa65.try_into().unwrap()),
        };
        let (index, timestamp) = (said.index, said.timestamp);
        EpochKeys { index, timestamp, previous: Some(previous), keys: keys.clone() }
    }

    pub(crate) fn sign(&self, unsigned: Unsigned<'_>) -> Receipt {
        let (digest, schemes) = (unsigned.digest(), unsigned.head.schemes);
        let ecdsa = schemes.has_ecdsa().then(|| self.sign_ecdsa(&digest));
        let mldsa = schemes.has_mldsa().then(|| self.sign_mldsa(&digest));
        unsigned.signed(ecdsa, mldsa).unwrap()
    }

    pub(crate) fn attestation(&self, schemes: Schemes, domain: Domain) -> Attestation {
        self.attest(UnsignedAttestation {
            head: self.head(7, domain, schemes),
            bytes: vec![0xa5; 40],
            core_sha256: [0xc0; 32],
            mode: Mode::Sealed,
        })
    }

    pub(crate) fn attest(&self, unsigned: UnsignedAttestation<'_>) -> Attestation {
        let (digest, schemes) = (unsigned.digest(), unsigned.head.schemes);
        let ecdsa = schemes.has_ecdsa().then(|| self.sign_ecdsa(&digest));
        let mldsa = schemes.has_mldsa().then(|| self.sign_mldsa(&digest));
        unsigned.signed(ecdsa, mldsa).unwrap()
    }

    pub(crate) fn sign_ecdsa(&self, digest: &[u8; 32]) -> ecdsa::Signature {
        self.ecdsa.sign_digest(digest).unwrap()
    }

    pub(crate) fn sign_mldsa(&self, digest: &[u8; 32]) -> Vec<u8> {
        self.sign_mldsa_message(&mldsa_message(digest), b"")
    }

    pub(crate) fn sign_mldsa_message(&self, message: &[u8], context: &[u8]) -> Vec<u8> {
        self.mldsa.try_sign_with_seed(&[9; 32], message, context).unwrap().to_vec()
    }
}

/// n − s: with the other v, the same signature in the form that is refused.
pub(crate) fn negated(s: &[u8; 32]) -> [u8; 32] {
    let mut negated = *s;
    let mut borrow = 0;
    for (digit, n) in negated.iter_mut().zip(ORDER).rev() {
        let difference = i16::from(n) - i16::from(*digit) - borrow;
        borrow = i16::from(difference < 0);
        *digit = u8::try_from(difference + 256 * borrow).unwrap();
    }
    negated
}

/// n, the order of secp256k1's group.
pub(crate) const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

/// A domain bound to a contract.
pub(crate) fn contract() -> Domain {
    let address = Address::parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed").unwrap();
    Domain::new(Some(11_155_111), Some(address)).unwrap()
}

/// One document of every kind that tests have to take apart.
pub(crate) fn documents(node: &Node) -> [(&'static str, Document); 5] {
    documents_for(node, contract(), b"alpha")
}

/// The same with another contract and alpha.
pub(crate) fn documents_for(
    node: &Node,
    domain: Domain,
    alpha: &[u8],
) -> [(&'static str, Document); 5] {
    let bound = |schemes, alpha| {
        let mut unsigned = node.unsigned(schemes, alpha);
        unsigned.head.domain = domain;
        Document::Vrf(node.sign(unsigned))
    };
    let plain = |schemes, alpha| Document::Vrf(node.sign(node.unsigned(schemes, alpha)));
    [
        ("dual, index", plain(Schemes::Dual, None)),
        ("dual, client, contract", bound(Schemes::Dual, Some(alpha))),
        ("ecdsa", bound(Schemes::Ecdsa, Some(alpha))),
        ("dilithium", plain(Schemes::Mldsa, Some(alpha))),
        ("attestation", Document::Attested(node.attestation(Schemes::Dual, domain))),
    ]
}

/// Reads a file of the project's own vectors.
pub(crate) fn own_vectors(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Decodes a text of `N` octets in hexadecimal.
pub(crate) fn array<const N: usize>(value: &Value) -> [u8; N] {
    octets(value).try_into().unwrap()
}

/// Decodes a text in hexadecimal.
pub(crate) fn octets(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}
