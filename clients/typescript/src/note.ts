/** Signed notes (c2sp.org/signed-note): a text, an empty line, and signature lines. */

import { fromBase64 } from "./bytes.js";
import { Refusal } from "./refusal.js";

/** A note in its form. Nothing of it has been verified. */
export interface Note {
  /** What is signed, with the newline at its end. */
  text: string;
  signatures: SignatureLine[];
}

/** A line `— name base64`. */
export interface SignatureLine {
  name: string;
  /** The first four octets; with the name they say which key it is. */
  keyId: Uint8Array;
  /** What follows them, as the key's algorithm has it. */
  bytes: Uint8Array;
}

const KEY_ID_BYTES = 4;
const MAX_SIGNATURES = 100;

/** Parses a note. Throws a {@link Refusal} where it is none. */
export function parseNote(note: string): Note {
  if (/[\0-\x09\x0b-\x1f]/.test(note)) throw new Refusal("a note has no control character but newline");
  // The last empty line: the text may have others.
  const end = note.lastIndexOf("\n\n") + 1;
  if (end === 0) throw new Refusal("an empty line separates a note's text from its signatures");
  const lines = note.slice(end + 1).match(/[^\n]*\n|[^\n]+/g) ?? [];
  if (lines.length === 0 || lines.length > MAX_SIGNATURES) {
    throw new Refusal(`a note has 1 to ${MAX_SIGNATURES} signature lines`);
  }
  return { text: note.slice(0, end), signatures: lines.map(parseLine) };
}

function parseLine(line: string, at: number): SignatureLine {
  const [, name, base64] = /^— ([^\p{White_Space}+]+) (.+)\n$/u.exec(line) ?? [];
  const bytes = base64 === undefined ? undefined : fromBase64(base64);
  if (name === undefined || !bytes || bytes.length <= KEY_ID_BYTES) {
    throw new Refusal(`signature line ${at + 1} is not "— name base64" and a newline`);
  }
  return { name, keyId: bytes.subarray(0, KEY_ID_BYTES), bytes: bytes.subarray(KEY_ID_BYTES) };
}
