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

/** `vectors/draws.json`, as its README describes it. */
export interface DrawVectors {
  trusted: { key_hash: string; signer: string; keys: unknown };
  algorithm: {
    name: string;
    random: string;
    draw: StatedDraw;
    participants?: string[];
    weights?: number[];
    alpha: string;
    result?: (number | string)[];
    result_sha256?: string;
  }[];
  documents: {
    name: string;
    document: string;
    policy: { pin: string; require: "dual" | "ecdsa" | "mldsa65" };
    participants?: string[];
    weights?: number[];
    verdict: string;
    failed_check: string | null;
  }[];
  malformed_alphas: string[];
  requests: { name: string; body: string; draw?: StatedDraw; error?: string }[];
}

/** What a document says was drawn. */
export interface StatedDraw {
  kind: string;
  participants_sha256?: string;
  weights_sha256?: string;
  label?: string;
  nonce?: string;
}

/** Returns the document of a case by the beginning of its name. */
export function drawDocument({ documents }: DrawVectors, name: string): string {
  const found = documents.find((one) => one.name.startsWith(name));
  if (!found) throw new Error(`vectors/draws.json has no ${name}`);
  return found.document;
}
