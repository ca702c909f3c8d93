/** The public keys of a log, as the document of `GET /keys` has them. */

import { type SignedCheckpoint, verifySignatures } from "./checkpoint.js";
import type { Fields } from "./fields.js";
import { ED25519, MLDSA44, type NoteKey, parseNoteKey } from "./note-key.js";
import { Refusal } from "./refusal.js";

/** Both keys of a log, which sign each of its checkpoints. They outlive key epochs. */
export interface LogKeys {
  /** The log's name, and that of both keys. */
  origin: string;
  /** The key of the note's signature. */
  ed25519: NoteKey;
  /** The key of the cosignature. */
  mldsa44: NoteKey;
}

/** Reads the field `log` of the document. */
export function parseLogKeys(fields: Fields): LogKeys {
  const origin = fields.text("origin");
  const [first, second, ...more] = fields.texts("keys");
  const ed25519 = parseNoteKey(first ?? "", ED25519);
  const mldsa44 = parseNoteKey(second ?? "", MLDSA44);
  if (!ed25519 || !mldsa44 || ed25519.name !== mldsa44.name || more.length > 0) {
    throw fields.wrong("keys", "the log's Ed25519 and ML-DSA-44 keys as verifier keys");
  }
  if (ed25519.name !== origin) throw fields.wrong("origin", "the name of the keys");
  fields.finish();
  return { origin, ed25519, mldsa44 };
}

/** Checks that a checkpoint is of this log and signed with both keys. Throws a {@link Refusal} that says what is wrong. */
export function verifyLogCheckpoint(checkpoint: SignedCheckpoint, keys: LogKeys): void {
  if (checkpoint.origin !== keys.origin) throw new Refusal(notPinned(keys));
  verifySignatures(checkpoint, keys.ed25519);
  verifySignatures(checkpoint, keys.mldsa44);
}

/** Says that a checkpoint is of another log than the one with these keys. */
export function notPinned({ origin }: LogKeys): string {
  return `the log is not the pinned one, ${origin}`;
}
