/** The entry that a document has in the log, made of its own values, so that its leaf can be computed. */

import { keccak_256 } from "@noble/hashes/sha3.js";

import { bigEndian, concat } from "./bytes.js";
import type { Document } from "./document.js";

const VERSION = 1;
const VRF = 1;
const ATTESTED = 2;

/** Returns the entry's 147 octets, under a key hash and with a digest that the caller recomputed. */
export function entryBytes(document: Document, keyHash: Uint8Array, digest: Uint8Array): Uint8Array {
  const [type, input, random] =
    document.kind === "vrf"
      ? [VRF, document.alpha, document.random]
      : [ATTESTED, document.bytes, new Uint8Array(32)];
  return concat(
    Uint8Array.of(VERSION, type), digest, keyHash, bigEndian(document.index, 8), keccak_256(input), random,
    bigEndian(document.timestamp, 8), Uint8Array.of(document.schemes),
  );
}
