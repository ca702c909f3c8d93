/**
 * Strict reading of documents: each value in one form, each field once and none unknown, and errors
 * that name the field.
 */

import { fromBase64, fromHex } from "./bytes.js";
import { MalformedError } from "./errors.js";
import { Entries, parseJson, type Value } from "./json.js";
import { parseTimestamp } from "./timestamp.js";

/** Octets that a receipt's JSON may have; the largest is about 14 KiB. */
export const MAX_DOCUMENT_BYTES = 64 * 1024;

/** The fields of an object that have not been read yet. */
export class Fields {
  private constructor(
    private readonly path: string,
    private readonly entries: [name: string, value: Value][],
  ) {
    const seen = new Set<string>();
    const repeated = entries.map(([name]) => name).filter((name) => seen.size === seen.add(name).size);
    const first = repeated.sort()[0];
    if (first !== undefined) {
      const field = this.named(first);
      throw new MalformedError(`the field ${field} appears twice`, field);
    }
  }

  /** Reads a document that is one object. */
  static parse(input: string | Uint8Array, limit: number): Fields {
    const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
    if (bytes.length > limit) throw tooLarge(bytes, limit);
    const text = decode(bytes);
    if (/^[ \t\n\f\r]*$/.test(text)) throw new MalformedError("the input is empty");
    const value = parseJson(text);
    if (!(value instanceof Entries)) throw new MalformedError("the input is JSON, but not an object");
    return new Fields("", value.list);
  }

  /** Says whether a field is there and has not been read. */
  has(name: string): boolean {
    return this.entries.some(([entry]) => entry === name);
  }

  /** Returns the error for a field of the wrong form. */
  wrong(name: string, expected: string): MalformedError {
    const field = this.named(name);
    return new MalformedError(`the field ${field} must be ${expected}`, field);
  }

  /** Refuses what has not been read. */
  finish(): void {
    const first = this.entries[0];
    if (first) {
      const field = this.named(first[0]);
      throw new MalformedError(`the field ${field} is unknown`, field);
    }
  }

  object(name: string): Fields {
    const value = this.take(name);
    if (!(value instanceof Entries)) throw this.wrong(name, "an object");
    return new Fields(this.named(name), value.list);
  }

  objectOrNull(name: string): Fields | null {
    return this.takeNull(name) ? null : this.object(name);
  }

  /** Reads a list of objects. */
  list(name: string): Fields[] {
    const values = this.take(name);
    if (!Array.isArray(values)) throw this.wrong(name, "a list");
    return values.map((value, at) => {
      if (!(value instanceof Entries)) throw this.wrong(name, "a list of objects");
      return new Fields(`${this.named(name)}[${at}]`, value.list);
    });
  }

  /** Reads a list of texts. */
  texts(name: string): string[] {
    const values = this.take(name);
    if (!Array.isArray(values)) throw this.wrong(name, "a list");
    return values.map((value) => {
      if (typeof value !== "string") throw this.wrong(name, "a list of texts");
      return value;
    });
  }

  text(name: string): string {
    const value = this.take(name);
    if (typeof value !== "string") throw this.wrong(name, "a text");
    return value;
  }

  /** Reads a text that can only be `expected`; `form` says so. */
  exactly(name: string, expected: string, form: string): void {
    if (this.text(name) !== expected) throw this.wrong(name, form);
  }

  /** Reads one of several words. */
  word<W extends string>(name: string, words: readonly W[], form: string): W {
    const text = this.text(name);
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) throw this.wrong(name, form);
    return word;
  }

  bool(name: string): boolean {
    const value = this.take(name);
    if (typeof value !== "boolean") throw this.wrong(name, "true or false");
    return value;
  }

  /** Reads a number: digits without sign, fraction or exponent. */
  integer(name: string): bigint {
    const value = this.take(name);
    if (typeof value !== "bigint" || value < 0n) throw this.wrong(name, "a whole number");
    return value;
  }

  /** Reads a number that may be negative. One that is not safe becomes another one that is not. */
  signed(name: string): number {
    const value = this.take(name);
    if (!isSigned(value)) throw this.wrong(name, "a whole number");
    return Number(value);
  }

  /** Reads a list of numbers that may be negative. */
  integers(name: string): number[] {
    const values = this.take(name);
    if (!Array.isArray(values)) throw this.wrong(name, "a list");
    return values.map((value) => {
      if (!isSigned(value)) throw this.wrong(name, "a list of whole numbers");
      return Number(value);
    });
  }

  /** Reads a 64-bit number written as a decimal text without leading zeros. */
  decimal(name: string): bigint {
    const text = this.text(name);
    const number = /^(?:0|[1-9][0-9]{0,19})$/.test(text) ? BigInt(text) : -1n;
    if (number < 0n || number >= 2n ** 64n) throw this.wrong(name, "a decimal number of 64 bits in quotes");
    return number;
  }

  /** Reads 0x and lower-case hexadecimal digits of `length` octets. */
  hex(name: string, length: number): Uint8Array {
    const bytes = fromHex(this.text(name), length);
    if (!bytes) throw this.wrong(name, `0x and ${2 * length} lower-case hexadecimal digits`);
    return bytes;
  }

  /** Reads 0x and lower-case hexadecimal digits of any even number. */
  hexBytes(name: string): Uint8Array {
    const bytes = fromHex(this.text(name));
    if (!bytes) throw this.wrong(name, "0x and lower-case hexadecimal digits");
    return bytes;
  }

  /** Reads `length` octets in base64 (RFC 4648 §4, with padding). */
  base64(name: string, length: number): Uint8Array {
    const bytes = fromBase64(this.text(name));
    if (bytes?.length !== length) throw this.wrong(name, `${length} bytes in base64`);
    return bytes;
  }

  /** Reads a time, in whole seconds since 1970. */
  timestamp(name: string): bigint {
    const seconds = parseTimestamp(this.text(name));
    if (seconds === undefined) throw this.wrong(name, "a time such as 2026-08-21T12:34:56Z");
    return seconds;
  }

  timestampOrNull(name: string): bigint | null {
    return this.takeNull(name) ? null : this.timestamp(name);
  }

  hexOrNull(name: string, length: number): Uint8Array | null {
    return this.takeNull(name) ? null : this.hex(name, length);
  }

  private takeNull(name: string): boolean {
    const there = this.entries.some(([entry, value]) => entry === name && value === null);
    if (there) this.take(name);
    return there;
  }

  private take(name: string): Value {
    const at = this.entries.findIndex(([entry]) => entry === name);
    const found = this.entries[at];
    const last = this.entries.pop();
    if (!found || !last) {
      const field = this.named(name);
      throw new MalformedError(`the field ${field} is missing`, field);
    }
    // The last one takes the place: the order of what remains decides which unknown field is named.
    if (found !== last) this.entries[at] = last;
    return found[1];
  }

  /** Puts the parents' names before a name. What a stranger sent is shortened and escaped. */
  private named(name: string): string {
    const shown = [...name].slice(0, 64).map(escaped).join("");
    return this.path ? `${this.path}.${shown}` : shown;
  }
}

/** Says whether a value is a number of 64 bits with its sign. */
function isSigned(value: Value): value is bigint {
  return typeof value === "bigint" && value < 2n ** 63n;
}

/** Says how many octets there are, and how many there may be. */
export function tooLarge(bytes: Uint8Array, limit: number): MalformedError {
  return new MalformedError(`the input has ${bytes.length} bytes; at most ${limit} are accepted`);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new MalformedError("the input is not valid JSON: it is not UTF-8");
  }
}

const NAMED: Record<string, string> = {
  "\0": "\\0", "\t": "\\t", "\r": "\\r", "\n": "\\n", "'": "\\'", '"': '\\"', "\\": "\\\\",
};

/** Writes a character so that it cannot disturb a line of text. */
function escaped(character: string): string {
  const named = NAMED[character];
  if (named !== undefined) return named;
  if (!/[\p{C}\p{M}\p{Z}]/u.test(character) || character === " ") return character;
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
