/** The project's vectors, which every implementation reads. */

import { readFileSync } from "node:fs";

/** Reads a file of `vectors/`; one that is not there is an error. */
export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../vectors/${name}`, import.meta.url), "utf8")) as T;
}

/** Bytes of hexadecimal digits, with or without 0x. */
export function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replace(/^0x/, ""), "hex"));
}

/** `vectors/receipts.json`, as its README describes it. */
export interface ReceiptVectors {
  trusted: { key_hash: string; signer: string; keys: unknown };
  cases: ReceiptCase[];
}

export interface ReceiptCase {
  name: string;
  document: string;
  pin: "none" | "key_hash" | "keys" | "signer";
  require: "dual" | "ecdsa" | "mldsa65";
  verdict: string;
  failed: string | null;
  field: string | null;
}
