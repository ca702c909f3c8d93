/** The lists of a draw: who takes part, and with what weight. They are hashed as files with a line for each entry. */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

import { MAX_COUNT } from "./draw-kind.js";
import { attempt, Refusal } from "./refusal.js";

/** The lists of a draw, as far as somebody has them. */
export interface Lists {
  participants: readonly string[] | null;
  weights: readonly number[] | null;
}

const MAX_ENTRY_BYTES = 200;
const MAX_WEIGHT = 2 ** 32 - 1;

/** Computes the hash of a list of participants, as `sha256sum` does; refuses entries that no list has. */
export function hashParticipants(participants: readonly string[]): Uint8Array {
  checkLength(participants);
  const encoder = new TextEncoder();
  for (const [at, entry] of participants.entries()) {
    const bytes = typeof entry === "string" ? encoder.encode(entry).length : 0;
    // A lone surrogate has no UTF-8.
    if (bytes < 1 || bytes > MAX_ENTRY_BYTES || /[\p{Cc}\p{Cs}]/u.test(entry)) {
      throw new Refusal(`participant ${at} must be 1 to ${MAX_ENTRY_BYTES} bytes of UTF-8 without control characters`);
    }
  }
  return hashLines(participants);
}

/** Computes the hash of weights, as `sha256sum` does; refuses what is no weight. */
export function hashWeights(weights: readonly number[]): Uint8Array {
  checkLength(weights);
  for (const [at, weight] of weights.entries()) {
    if (!Number.isInteger(weight) || weight < 1 || weight > MAX_WEIGHT) {
      throw new Refusal(`weight ${at} must be a whole number from 1 to ${MAX_WEIGHT}`);
    }
  }
  return hashLines(weights);
}

/** Returns the hash of a list of participants, by which a draw names it: 0x and hexadecimal digits. @throws TypeError */
export function participantsHash(participants: readonly string[]): `0x${string}` {
  return named(() => hashParticipants(participants));
}

/** Returns the hash of weights. @throws TypeError */
export function weightsHash(weights: readonly number[]): `0x${string}` {
  return named(() => hashWeights(weights));
}

function named(hash: () => Uint8Array): `0x${string}` {
  const result = attempt(hash);
  if (result instanceof Refusal) throw new TypeError(result.message);
  return `0x${bytesToHex(result)}`;
}

/** Reads a list from the text of a file: a line for each entry. */
export function readLines(text: string): string[] {
  const lines = text.split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** Reads weights from the text of a file. */
export function readWeights(text: string): number[] {
  return readLines(text).map((line) => (/^[1-9][0-9]{0,9}$/.test(line) ? Number(line) : NaN));
}

function checkLength(list: readonly unknown[]): void {
  if (!Array.isArray(list) || list.length < 1 || list.length > MAX_COUNT) {
    throw new Refusal(`a list has 1 to ${MAX_COUNT} entries`);
  }
}

function hashLines(entries: readonly (string | number)[]): Uint8Array {
  return sha256(new TextEncoder().encode(entries.map((entry) => `${entry}\n`).join("")));
}
