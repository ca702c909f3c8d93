"""The signed bytes: structured data of EIP-712."""

from __future__ import annotations

from re4ctor._keccak import keccak256

DOMAIN_NAME = "Re4ctoR"
DOMAIN_VERSION = "1"

_RECEIPT_TYPE = (
    b"R4Receipt(bytes32 keyHash,uint64 index,bytes32 alphaHash,"
    b"bytes32 random,uint64 timestamp,uint8 schemes)"
)
_ATTESTED_TYPE = (
    b"R4Attested(bytes32 keyHash,uint64 index,bytes32 bytesHash,"
    b"uint32 length,bytes32 coreHash,uint8 mode,uint64 timestamp,uint8 schemes)"
)


def separator(chain_id: int | None, contract: str | None) -> bytes:
    """Computes the domain separator. The type has only the fields that are there."""
    kind = "EIP712Domain(string name,string version"
    members: list[bytes | int] = [
        keccak256(DOMAIN_NAME.encode()),
        keccak256(DOMAIN_VERSION.encode()),
    ]
    if chain_id is not None:
        kind += ",uint256 chainId"
        members.append(chain_id)
    if contract is not None:
        kind += ",address verifyingContract"
        members.append(int(contract, 16))
    return _hash_struct(f"{kind})".encode(), members)


def receipt_struct(  # noqa: PLR0913, PLR0917 - the members of the structure
    key_hash: bytes, index: int, alpha: bytes, random: bytes, timestamp: int, schemes: int
) -> bytes:
    """Computes hashStruct of an R4Receipt."""
    members: list[bytes | int] = [key_hash, index, keccak256(alpha), random, timestamp, schemes]
    return _hash_struct(_RECEIPT_TYPE, members)


def attested_struct(  # noqa: PLR0913, PLR0917 - the members of the structure
    key_hash: bytes,
    index: int,
    octets: bytes,
    core_sha256: bytes,
    mode: int,
    timestamp: int,
    schemes: int,
) -> bytes:
    """Computes hashStruct of an R4Attested."""
    members: list[bytes | int] = [key_hash, index, keccak256(octets), len(octets)]
    members += [core_sha256, mode, timestamp, schemes]
    return _hash_struct(_ATTESTED_TYPE, members)


def digest(domain_separator: bytes, struct_hash: bytes) -> bytes:
    """Computes the digest that is signed."""
    return keccak256(b"\x19\x01" + domain_separator + struct_hash)


def word(value: bytes | int) -> bytes:
    """Encodes a bytes32 or a number to 32 bytes."""
    return value.to_bytes(32) if isinstance(value, int) else value


def _hash_struct(kind: bytes, members: list[bytes | int]) -> bytes:
    return keccak256(keccak256(kind) + b"".join(map(word, members)))
