/**
 * The checks of the log: that the entry made of the document's own values is in the tree of the
 * checkpoint, and that the log signed the checkpoint with both of its keys.
 */

import { equal, toHex } from "./bytes.js";
import { type Check, check, notChecked } from "./check.js";
import { type Checkpoint, parseCheckpoint, type SignedCheckpoint } from "./checkpoint.js";
import type { Document } from "./document.js";
import { entryBytes } from "./entry.js";
import type { Log } from "./log.js";
import { type LogKeys, notPinned, verifyLogCheckpoint } from "./log-keys.js";
import { leafHash, verifyInclusion } from "./merkle.js";
import { attempt, Refusal, refusal } from "./refusal.js";

/** Checks the field `log`; no check where a document has none. `keys` are the pinned ones. */
export function logChecks(
  document: Document,
  keyHash: Uint8Array,
  digest: Uint8Array,
  keys: LogKeys | null,
): Check[] {
  const { log } = document;
  if (!log) return [];
  const checkpoint = attempt(() => parseCheckpoint(log.checkpoint));
  const entry = entryBytes(document, keyHash, digest);
  return [inclusionCheck(log, document.index, entry, checkpoint), checkpointCheck(log, checkpoint, keys)];
}

function inclusionCheck(log: Log, index: bigint, entry: Uint8Array, checkpoint: SignedCheckpoint | Refusal): Check {
  const leaf = leafHash(entry);
  const wrong =
    (log.index !== index && "the index in the log is not the receipt's") ||
    (!equal(log.leafHash, leaf) && "leaf_hash is not the hash of the receipt's entry") ||
    (checkpoint instanceof Refusal ? checkpoint.message : difference(log, checkpoint)) ||
    refusal(() => verifyInclusion(leaf, log.index, log.treeSize, log.inclusion, log.root));
  return check("inclusion", wrong, `in the log at index ${log.index} of ${log.treeSize} entries`, {
    origin: log.origin,
    index: log.index.toString(),
    entry: toHex(entry),
    leaf_hash: toHex(leaf),
    inclusion: log.inclusion.map(toHex).join(", "),
    tree_size: log.treeSize.toString(),
    root: toHex(log.root),
  });
}

function difference(log: Log, { origin, size, root }: Checkpoint): string | false {
  const same = origin === log.origin && size === log.treeSize && equal(root, log.root);
  return !same && "origin, tree_size and root are not those of the checkpoint";
}

function checkpointCheck(log: Log, checkpoint: SignedCheckpoint | Refusal, keys: LogKeys | null): Check {
  const inputs = { origin: log.origin, checkpoint: log.checkpoint };
  if (!keys) {
    const why = "no key of the log was pinned: the checkpoint's signatures were NOT checked";
    return notChecked("checkpoint", why, inputs);
  }
  const wrong =
    (log.origin !== keys.origin && notPinned(keys)) ||
    (checkpoint instanceof Refusal ? checkpoint.message : refusal(() => verifyLogCheckpoint(checkpoint, keys)));
  return check("checkpoint", wrong, "both signatures of the log on the checkpoint verify", inputs);
}
