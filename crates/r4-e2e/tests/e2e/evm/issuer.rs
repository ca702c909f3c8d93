//! A node's keys in a test, which sign whatever they are told, and `R4ReceiptVerifier` for them.

use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolValue as _};
use r4_ecvrf::SecretKey;
use secp256k1::{Message, PublicKey};
use sha2::{Digest as _, Sha256};

use super::abi::{
    R4Receipt, addKeyCall, consumeFullCall, hashReceiptCall, verifyAttestedCall, verifyFullCall,
};
use super::chain::{Chain, Outcome};
use super::ecvrf::Input;

/// Who deploys verifiers and owns them. The first one has the address that vectors/receipts.json names.
pub(crate) const OWNER: Address = address!("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
/// The chain that vectors/receipts.json names.
pub(crate) const CHAIN_ID: u64 = 11_155_111;
/// How old a receipt may be.
pub(crate) const MAXIMUM_AGE: u64 = 3600;
/// When the verifier is deployed.
pub(crate) const NOW: u64 = 1_787_315_696;

/// The public keys of an epoch, as a verifier takes them.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) ecvrf: Vec<u8>,
    pub(crate) ecdsa: PublicKey,
    pub(crate) mldsa65_sha256: B256,
    pub(crate) ecvrf_evm_sha256: B256,
}

/// Keys with their secrets.
pub(crate) struct Issuer {
    vrf: SecretKey,
    ecdsa: secp256k1::SecretKey,
    pub(crate) keys: Keys,
}

/// A receipt and all that goes with it on chain.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) receipt: R4Receipt,
    pub(crate) signature: Vec<u8>,
    pub(crate) vrf: Input,
}

impl Keys {
    /// The design's key hash.
    pub(crate) fn key_hash(&self) -> B256 {
        let mut hash = Sha256::new_with_prefix(b"r4/keys/v1\0");
        hash.update(Sha256::digest(&self.ecvrf));
        hash.update(Sha256::digest(self.ecdsa.serialize()));
        hash.update(self.mldsa65_sha256);
        hash.update(self.ecvrf_evm_sha256);
        B256::from_slice(&hash.finalize())
    }

    pub(crate) fn signer(&self) -> Address {
        Address::from_slice(&keccak256(&self.ecdsa.serialize_uncompressed()[1..])[12..])
    }

    /// Announces the keys as a new epoch.
    pub(crate) fn add(&self) -> addKeyCall {
        let ecdsa = Bytes::copy_from_slice(&self.ecdsa.serialize_uncompressed()[1..]);
        addKeyCall {
            ecvrf: self.ecvrf.clone().into(),
            ecdsa,
            mldsa65Sha256: self.mldsa65_sha256,
            ecvrfEvmSha256: self.ecvrf_evm_sha256,
        }
    }

    /// Deploys a verifier with these keys as the first.
    pub(crate) fn deploy(&self, chain: &mut Chain) -> Address {
        let addKeyCall { ecvrf, ecdsa, mldsa65Sha256, ecvrfEvmSha256 } = self.add();
        let age = U256::from(MAXIMUM_AGE);
        let arguments =
            (OWNER, age, ecvrf, ecdsa, mldsa65Sha256, ecvrfEvmSha256).abi_encode_params();
        chain.deploy(OWNER, "R4ReceiptVerifier", &arguments)
    }
}

impl Issuer {
    pub(crate) fn new(number: u8) -> Self {
        let vrf = SecretKey::from_bytes(&[number; 32]).unwrap();
        let ecdsa = secp256k1::SecretKey::from_secret_bytes([number + 100; 32]).unwrap();
        let keys = Keys {
            ecvrf: vrf.public_key().to_bytes().into(),
            ecdsa: PublicKey::from_secret_key(&ecdsa),
            mldsa65_sha256: B256::repeat_byte(number),
            ecvrf_evm_sha256: B256::repeat_byte(number + 1),
        };
        Self { vrf, ecdsa, keys }
    }

    /// Answers for alpha as the node does, dated `timestamp`, for the verifier at `contract`.
    pub(crate) fn answer(
        &self,
        chain: &mut Chain,
        contract: Address,
        alpha: &[u8],
        timestamp: u64,
    ) -> Signed {
        let (vrf, random) = Input::prove(&self.vrf, alpha);
        let receipt = R4Receipt {
            keyHash: self.keys.key_hash(),
            index: 7,
            alphaHash: keccak256(alpha),
            random,
            timestamp,
            schemes: 3,
        };
        let signature = self.sign(chain, contract, &receipt);
        Signed { receipt, signature, vrf }
    }

    /// Signs any receipt.
    pub(crate) fn sign(
        &self,
        chain: &mut Chain,
        contract: Address,
        receipt: &R4Receipt,
    ) -> Vec<u8> {
        let call = hashReceiptCall { receipt: receipt.clone() };
        let digest = chain.view(contract, &call).returned::<hashReceiptCall>();
        let message = Message::from_digest(digest.0);
        let signature =
            secp256k1::ecdsa::RecoverableSignature::sign_ecdsa_recoverable(message, &self.ecdsa);
        let (recovery, compact) = signature.serialize_compact();
        [&compact[..], &[27 + recovery.to_u8()]].concat()
    }
}

impl Signed {
    pub(crate) fn attested(&self) -> verifyAttestedCall {
        let signature = self.signature.clone().into();
        verifyAttestedCall { receipt: self.receipt.clone(), signature }
    }

    pub(crate) fn full(&self) -> verifyFullCall {
        let Input { key, alpha, proof } = self.vrf.clone();
        verifyFullCall {
            receipt: self.receipt.clone(),
            signature: self.signature.clone().into(),
            publicKey: key.into(),
            alpha: alpha.into(),
            proof: proof.into(),
        }
    }

    pub(crate) fn consume(&self) -> consumeFullCall {
        let verifyFullCall { receipt, signature, publicKey, alpha, proof } = self.full();
        consumeFullCall { receipt, signature, publicKey, alpha, proof }
    }
}

/// A chain with a verifier for an issuer's keys.
pub(crate) struct Deployed {
    pub(crate) chain: Chain,
    pub(crate) issuer: Issuer,
    pub(crate) verifier: Address,
}

impl Deployed {
    pub(crate) fn new() -> Self {
        let mut chain = Chain { id: CHAIN_ID, timestamp: NOW, number: 1000, ..Chain::default() };
        let issuer = Issuer::new(1);
        let verifier = issuer.keys.deploy(&mut chain);
        Self { chain, issuer, verifier }
    }

    /// A receipt for alpha, dated now.
    pub(crate) fn answer(&mut self, alpha: &[u8]) -> Signed {
        let now = self.chain.timestamp;
        self.issuer.answer(&mut self.chain, self.verifier, alpha, now)
    }

    pub(crate) fn view(&mut self, call: &impl SolCall) -> Outcome {
        self.chain.view(self.verifier, call)
    }

    /// Runs a transaction of the owner.
    pub(crate) fn own(&mut self, call: &impl SolCall) -> Outcome {
        self.chain.call(OWNER, self.verifier, call)
    }
}
