"""What a node answers: VRF receipts and attestations of random bytes.

Nothing in a document is to be believed before `re4ctor.verify`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from hashlib import sha256

from re4ctor import _eip712

MAX_DOCUMENT_BYTES = 64 * 1024
MAX_ALPHA_BYTES = 1024
MIN_ATTESTED_BYTES = 16
MAX_ATTESTED_BYTES = 1000
MAX_INCLUSION_HASHES = 64


class Schemes(IntEnum):
    """The signatures of a receipt; the number is signed, so that none can be stripped."""

    ECDSA = 1
    MLDSA = 2
    DUAL = 3

    @property
    def signature_type(self) -> str:
        """The JSON field ``signature_type``."""
        return _SIGNATURE_TYPES[self]

    @property
    def has_ecdsa(self) -> bool:
        """Whether an ECDSA signature is among them."""
        return self is not Schemes.MLDSA

    @property
    def has_mldsa(self) -> bool:
        """Whether an ML-DSA-65 signature is among them."""
        return self is not Schemes.ECDSA


_SIGNATURE_TYPES = {
    Schemes.DUAL: "ECDSA(secp256k1) + ML-DSA-65",
    Schemes.ECDSA: "ECDSA(secp256k1)",
    Schemes.MLDSA: "ML-DSA-65",
}


class AlphaSource(StrEnum):
    """Where the input of the VRF comes from."""

    CLIENT = "client"
    INDEX = "index"


class Mode(IntEnum):
    """How the node's core made attested bytes; the number is signed."""

    SEALED = 0
    FALLBACK = 1


@dataclass(frozen=True, slots=True)
class KeySet:
    """The public keys of an epoch, as a receipt states them."""

    ecvrf: bytes
    ecdsa: bytes
    mldsa65_sha256: bytes
    ecvrf_evm_sha256: bytes

    def key_hash(self) -> bytes:
        """Computes the epoch's name."""
        parts = (
            sha256(self.ecvrf).digest(),
            sha256(self.ecdsa).digest(),
            self.mldsa65_sha256,
            self.ecvrf_evm_sha256,
        )
        return sha256(b"r4/keys/v1\0" + b"".join(parts)).digest()


@dataclass(frozen=True, slots=True)
class Domain:
    """Where the signatures count: everywhere, on one chain, or for one contract of it."""

    chain_id: int | None = None
    contract: str | None = None

    def separator(self) -> bytes:
        """Computes the domain separator of EIP-712."""
        return _eip712.separator(self.chain_id, self.contract)


@dataclass(frozen=True, slots=True)
class EcdsaSignature:
    """The fields ``v``, ``r``, ``s`` and ``signer_addr``."""

    v: int
    r: bytes
    s: bytes
    signer_addr: str

    def octets(self) -> bytes:
        """Returns r, s and v in one."""
        return self.r + self.s + bytes([self.v])


@dataclass(frozen=True, slots=True)
class Log:
    """A document's place in the node's log of all answers.

    Attributes:
        origin: The log's name.
        index: The leaf's number, from 0.
        leaf_hash: The hash of the document's entry.
        tree_size: The number of leaves of the tree that the proof is for.
        root: That tree's root.
        inclusion: The proof, from the leaf to the root.
        checkpoint: That tree's head as the log signed it, a note of text.
    """

    origin: str
    index: int
    leaf_hash: bytes
    tree_size: int
    root: bytes
    inclusion: tuple[bytes, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Document:
    """What receipts and attestations have in common.

    Attributes:
        json: The document as it was given: keep this, and give it to `re4ctor.verify`.
        id: The receipt's name: its digest.
        key_id: The first 8 bytes of the key hash.
        key_hash: The key epoch that the document says it belongs to.
        keys: The keys that the key hash is made of.
        index: The number of the answer, unique in a key epoch.
        timestamp: When the node says it answered, in seconds since 1970.
        domain: Where the signatures count.
        msg_hash: The digest that the document says was signed.
        schemes: The signatures that are present.
        ecdsa: The ECDSA signature, where there is one.
        signature: The ML-DSA-65 signature; r, s and v again where ECDSA is alone.
        public_key: The key that belongs to `signature`.
        log: Where the document is in the log, where it says so.
    """

    json: bytes
    id: bytes
    key_id: bytes
    key_hash: bytes
    keys: KeySet
    index: int
    timestamp: int
    domain: Domain
    msg_hash: bytes
    schemes: Schemes
    ecdsa: EcdsaSignature | None
    signature: bytes
    public_key: bytes
    log: Log | None

    def digest(self, key_hash: bytes, schemes: Schemes) -> bytes:
        """Computes the digest that is signed, under a key hash and for given signatures."""
        return _eip712.digest(self.domain.separator(), self.struct_hash(key_hash, schemes))

    def struct_hash(self, key_hash: bytes, schemes: Schemes) -> bytes:
        """Computes hashStruct of what is signed."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Receipt(Document):
    """The receipt of a VRF answer.

    Attributes:
        random: The output, 32 bytes. Public, never a secret.
        alpha: The input, 1 to 1024 bytes.
        alpha_source: Who chose the input.
        vrf_public_key: The key of the VRF, compressed.
        proof: The proof, 81 bytes.
        evm_proof: The proof with a contract's hints, where it was asked for.
        evm_call: The call of the contract that the receipt is bound to.
    """

    random: bytes
    alpha: bytes
    alpha_source: AlphaSource
    vrf_public_key: bytes
    proof: bytes
    evm_proof: bytes | None
    evm_call: bytes | None

    def struct_hash(self, key_hash: bytes, schemes: Schemes) -> bytes:
        """Computes hashStruct of the R4Receipt."""
        return _eip712.receipt_struct(
            key_hash, self.index, self.alpha, self.random, self.timestamp, schemes
        )


@dataclass(frozen=True, slots=True)
class Attestation(Document):
    """Random bytes that are signed, but not unique: the node could have drawn again.

    Attributes:
        random: The random bytes, 16 to 1000.
        core_sha256: SHA-256 of the sealed core's binary; zero when there was none.
        mode: How the core made the bytes.
    """

    random: bytes
    core_sha256: bytes
    mode: Mode

    def struct_hash(self, key_hash: bytes, schemes: Schemes) -> bytes:
        """Computes hashStruct of the R4Attested."""
        return _eip712.attested_struct(
            key_hash, self.index, self.random, self.core_sha256, self.mode, self.timestamp, schemes
        )
