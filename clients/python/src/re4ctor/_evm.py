"""What a contract takes: the proof with its hints, and the call of ``verifyFull``.

Both are made of the other fields of a receipt, so a verifier makes them again and compares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from re4ctor import _ecvrf
from re4ctor._eip712 import word
from re4ctor._keccak import keccak256

if TYPE_CHECKING:
    from re4ctor.documents import Receipt

_VERIFY_FULL = b"verifyFull((bytes32,uint64,bytes32,bytes32,uint64,uint8),bytes,bytes,bytes,bytes)"


def proof(receipt: Receipt) -> bytes:
    """Makes the field ``vrf.evm_proof``.

    Raises:
        InvalidProofError: The proof does not verify, or has no form for contracts.
    """
    verified = _ecvrf.verify(receipt.vrf_public_key, receipt.alpha, receipt.proof)
    return _ecvrf.evm_proof(receipt.vrf_public_key, verified)


def call(receipt: Receipt, key_hash: bytes, evm_proof: bytes) -> bytes | None:
    """Makes the field ``evm_call``; None without a contract or without an ECDSA signature."""
    if receipt.domain.contract is None or receipt.ecdsa is None:
        return None
    members: list[bytes | int] = [
        key_hash,
        receipt.index,
        keccak256(receipt.alpha),
        receipt.random,
        receipt.timestamp,
        receipt.schemes,
    ]
    arguments = (receipt.ecdsa.octets(), receipt.vrf_public_key, receipt.alpha, evm_proof)
    heads, tails = b"".join(map(word, members)), b""
    words_before = len(members) + len(arguments)
    for argument in arguments:
        heads += word(32 * words_before + len(tails))
        tails += word(len(argument)) + argument + bytes(-len(argument) % 32)
    return keccak256(_VERIFY_FULL)[:4] + heads + tails


def difference(
    stated_proof: bytes, stated_call: bytes | None, right_proof: bytes, right_call: bytes | None
) -> str | None:
    """Says in which way the stated fields are not the right ones."""
    if stated_proof != right_proof:
        return "vrf.evm_proof is not the form of this proof"
    if stated_call == right_call:
        return None
    if stated_call is None:
        return "evm_call is missing, although there is a contract to call"
    if right_call is None:
        return "evm_call needs a contract in domain and an ECDSA signature"
    return "evm_call is not the call for this receipt"
