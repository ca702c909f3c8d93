/** Checkpoints (c2sp.org/tlog-checkpoint): notes that say how large a log is and which root it has. */

import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";

import { ascii, bigEndian, concat, equal, fromBase64, toNumber } from "./bytes.js";
import { verifyEd25519 } from "./ed25519.js";
import { type Note, parseNote } from "./note.js";
import { ED25519, MAX_NAME_BYTES, MLDSA44, type NoteKey, type NoteKeyType } from "./note-key.js";
import { Refusal } from "./refusal.js";

/** What a log says of itself. */
export interface Checkpoint {
  /** The log's name. */
  origin: string;
  /** How many entries it has. */
  size: bigint;
  /** The root of its Merkle tree. */
  root: Uint8Array;
}

/** A checkpoint and the note that it stands in. Nothing of it has been verified. */
export interface SignedCheckpoint extends Checkpoint {
  note: Note;
}

/** Octets that a checkpoint with its signatures may have. */
export const MAX_CHECKPOINT_BYTES = 64 * 1024;

const TIMESTAMP_BYTES = 8;
const SIGNATURE_BYTES: Record<NoteKeyType, number> = { [ED25519]: 64, [MLDSA44]: TIMESTAMP_BYTES + 2420 };

/** Parses a note of three lines: origin, size, root. Throws a {@link Refusal} where it is no such note. */
export function parseCheckpoint(text: string): SignedCheckpoint {
  const note = parseNote(text);
  const [origin, size, root, end, ...more] = note.text.split("\n");
  if (origin === undefined || size === undefined || root === undefined || end !== "" || more.length > 0) {
    throw new Refusal("a checkpoint has three lines, and no extension lines here");
  }
  const { length } = ascii(origin);
  if (length < 1 || length > MAX_NAME_BYTES) {
    throw new Refusal(`a checkpoint's origin has 1 to ${MAX_NAME_BYTES} bytes without control characters`);
  }
  if (!/^(?:0|[1-9][0-9]{0,19})$/.test(size) || BigInt(size) >= 2n ** 64n) {
    throw new Refusal("a checkpoint's tree size is a decimal number without leading zeroes");
  }
  const hash = fromBase64(root);
  if (hash?.length !== 32) throw new Refusal("a checkpoint's root is 32 bytes in base64");
  return { origin, size: BigInt(size), root: hash, note };
}

/**
 * Checks the signatures of a key: there must be one, and each must verify. Lines of other keys are
 * ignored. Throws a {@link Refusal} that says what is wrong.
 */
export function verifySignatures(checkpoint: SignedCheckpoint, key: NoteKey): void {
  const lines = checkpoint.note.signatures.filter(({ name, keyId }) => name === key.name && equal(keyId, key.id));
  if (lines.length === 0) throw new Refusal("the checkpoint has no signature of this key");
  for (const { bytes } of lines) verifyLine(checkpoint, key, bytes);
}

function verifyLine(checkpoint: SignedCheckpoint, key: NoteKey, bytes: Uint8Array): void {
  const expected = SIGNATURE_BYTES[key.type];
  if (bytes.length !== expected) throw new Refusal(`the signature has ${expected} bytes, not ${bytes.length}`);
  const verifies = key.type === ED25519 ? verifyText(checkpoint, key, bytes) : verifyTree(checkpoint, key, bytes);
  if (!verifies) throw new Refusal("the signature does not verify");
}

function verifyText({ note }: SignedCheckpoint, { publicKey }: NoteKey, signature: Uint8Array): boolean {
  return verifyEd25519(signature, ascii(note.text), publicKey);
}

function verifyTree(checkpoint: Checkpoint, { name, publicKey }: NoteKey, timed: Uint8Array): boolean {
  const timestamp = timed.subarray(0, TIMESTAMP_BYTES);
  const seconds = toNumber(timestamp);
  if (seconds === 0n || seconds >= 2n ** 63n) {
    throw new Refusal("the time of the signature is not between 1 and 2^63 - 1");
  }
  return ml_dsa44.verify(timed.subarray(TIMESTAMP_BYTES), cosignedMessage(checkpoint, name, timestamp), publicKey);
}

/** The bytes that ML-DSA-44 signs: `cosigned_message` of c2sp.org/tlog-cosignature, of the whole tree. */
function cosignedMessage({ origin, size, root }: Checkpoint, cosigner: string, timestamp: Uint8Array): Uint8Array {
  return concat(
    ascii("subtree/v1\n\0"), counted(cosigner), timestamp, counted(origin), bigEndian(0n, 8), bigEndian(size, 8), root,
  );
}

/** A name after the number of its octets, which is at most 255. */
function counted(name: string): Uint8Array {
  const octets = ascii(name);
  return concat(Uint8Array.of(octets.length), octets);
}
