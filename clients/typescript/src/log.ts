/** What a document says of the log: where its entry is, and the proof and checkpoint that show it. */

import { ascii, fromHex } from "./bytes.js";
import type { Fields } from "./fields.js";
import { MAX_NAME_BYTES } from "./note-key.js";

/** The field `log`. Nothing in it has been checked but its form. */
export interface Log {
  /** The log's name. */
  origin: string;
  /** The position of the entry, from 0. */
  index: bigint;
  /** The leaf hash of the entry. */
  leafHash: Uint8Array;
  /** How many entries the log had when the checkpoint was made. */
  treeSize: bigint;
  /** The root of the tree of so many entries. */
  root: Uint8Array;
  /** The hashes that lead from the leaf to the root. */
  inclusion: Uint8Array[];
  /** The signed checkpoint, as it was signed. */
  checkpoint: string;
}

const MAX_PROOF_HASHES = 64;

/** Reads the field `log`. */
export function parseLog(fields: Fields): Log {
  const log = {
    origin: parseOrigin(fields),
    inclusion: parseInclusion(fields),
    index: fields.decimal("index"),
    leafHash: fields.hex("leaf_hash", 32),
    treeSize: fields.decimal("tree_size"),
    root: fields.hex("root", 32),
    checkpoint: fields.text("checkpoint"),
  };
  fields.finish();
  return log;
}

function parseOrigin(fields: Fields): string {
  const origin = fields.text("origin");
  const { length } = ascii(origin);
  if (length < 1 || length > MAX_NAME_BYTES) throw fields.wrong("origin", "a text of 1 to 255 bytes");
  return origin;
}

function parseInclusion(fields: Fields): Uint8Array[] {
  const texts = fields.texts("inclusion");
  const hashes = texts.flatMap((text) => fromHex(text, 32) ?? []);
  if (hashes.length < texts.length || hashes.length > MAX_PROOF_HASHES) {
    throw fields.wrong("inclusion", "a list of at most 64 hashes in hexadecimal");
  }
  return hashes;
}
