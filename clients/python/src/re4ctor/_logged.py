"""The checks of a document's place in the log: the inclusion proof, and who signed the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from re4ctor import _entry, _merkle
from re4ctor._checkpoint import Checkpoint, SignedCheckpoint
from re4ctor._note import InvalidNoteError
from re4ctor._policy import check, not_checked

if TYPE_CHECKING:
    from re4ctor._policy import Check
    from re4ctor.documents import Attestation, Log, Receipt
    from re4ctor.keys import LogKeys


def check_inclusion(
    document: Receipt | Attestation, log: Log, key_hash: bytes, digest: bytes
) -> Check:
    leaf = _merkle.leaf_hash(_entry.of(document, key_hash, digest))
    if log.index != document.index:
        wrong: str | None = "the index in the log is not the receipt's"
    elif log.leaf_hash != leaf:
        wrong = "leaf_hash is not the hash of the receipt's entry"
    else:
        wrong = _not_included(log)
    return check(
        "inclusion",
        wrong,
        f"in the log at index {log.index} of {log.tree_size} entries",
        origin=log.origin,
        index=log.index,
        leaf_hash=leaf,
        tree_size=log.tree_size,
        root=log.root,
    )


def _not_included(log: Log) -> str | None:
    """Says why the leaf is not in the tree that the checkpoint is for."""
    try:
        stated = SignedCheckpoint.parse(log.checkpoint).checkpoint
    except InvalidNoteError as error:
        return str(error)
    if stated != Checkpoint(log.origin, log.tree_size, log.root):
        return "origin, tree_size and root are not those of the checkpoint"
    if not _merkle.includes(log.root, log.tree_size, log.leaf_hash, log.index, log.inclusion):
        return "the proof of inclusion does not verify"
    return None


def check_checkpoint(log: Log, pinned: LogKeys | None) -> Check:
    if pinned is None:
        why = "no key of the log was pinned: the checkpoint's signatures were NOT checked"
        return not_checked("checkpoint", why, origin=log.origin)
    right = "both signatures of the log on the checkpoint verify"
    return check("checkpoint", _not_signed(log, pinned), right, origin=log.origin)


def _not_signed(log: Log, pinned: LogKeys) -> str | None:
    """Says why the checkpoint is not the pinned log's."""
    if log.origin != pinned.origin:
        return f"the log is not the pinned one, {pinned.origin}"
    try:
        signed = SignedCheckpoint.parse(log.checkpoint)
        for key in pinned.verifier_keys():
            signed.verify(key)
    except InvalidNoteError as error:
        return str(error)
    return None
