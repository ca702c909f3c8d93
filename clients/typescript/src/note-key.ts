/** Public keys of notes, written `name+key id+base64(type ‖ public key)` (c2sp.org/signed-note). */

import { bytesToHex } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { ascii, concat, fromBase64 } from "./bytes.js";

/** A public key and the name of whose it is. */
export interface NoteKey {
  name: string;
  type: NoteKeyType;
  publicKey: Uint8Array;
  /** The first four octets of SHA-256 of the name, a newline, the type and the public key. */
  id: Uint8Array;
}

/** Signatures over the note's text with Ed25519, and cosignatures of a checkpoint with ML-DSA-44. */
export type NoteKeyType = typeof ED25519 | typeof MLDSA44;

/** Octets that a name may have: what stands before it when it is signed says no more. */
export const MAX_NAME_BYTES = 255;

export const ED25519 = 0x01;
export const MLDSA44 = 0x06;

const PUBLIC_KEY_BYTES: Record<NoteKeyType, number> = { [ED25519]: 32, [MLDSA44]: 1312 };

/** Reads a key of a type in its one form. */
export function parseNoteKey(text: string, type: NoteKeyType): NoteKey | undefined {
  const [, name, id, base64] = /^([^\p{White_Space}\0-\x1f+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text) ?? [];
  if (name === undefined || id === undefined || base64 === undefined || ascii(name).length > MAX_NAME_BYTES) return undefined;
  const material = fromBase64(base64);
  if (material?.length !== 1 + PUBLIC_KEY_BYTES[type] || material[0] !== type) return undefined;
  const key = { name, type, publicKey: material.subarray(1), id: keyId(name, material) };
  return bytesToHex(key.id) === id ? key : undefined;
}

function keyId(name: string, material: Uint8Array): Uint8Array {
  return sha256(concat(ascii(`${name}\n`), material)).subarray(0, 4);
}
