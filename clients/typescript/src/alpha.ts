/** Inputs of the VRF: the node's own, derived from the receipt's index, and the clients'. */

import { ascii, bigEndian, concat, equal } from "./bytes.js";

/** Octets that a client's alpha may have; it has at least one. */
export const MAX_ALPHA_BYTES = 1024;

const RESERVED_PREFIX = ascii("r4/");

/** Returns the alpha of an index under a key epoch. */
export function indexAlpha(keyHash: Uint8Array, index: bigint): Uint8Array {
  return concat(ascii("r4/index/v1"), keyHash, bigEndian(index, 8));
}

/** Says whether an alpha is reserved for the node. */
export function isReserved(alpha: Uint8Array): boolean {
  return equal(alpha.subarray(0, RESERVED_PREFIX.length), RESERVED_PREFIX);
}
