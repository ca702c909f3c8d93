/** The public keys of an epoch and the hash that names it. */

import { sha256 } from "@noble/hashes/sha2.js";

import { ascii, concat } from "./bytes.js";

/** What a receipt says of the keys: enough to recompute the key hash. */
export interface KeySet {
  /** The key of the VRF, compressed. */
  ecvrf: Uint8Array;
  /** The key of ECDSA, compressed. */
  ecdsa: Uint8Array;
  /** SHA-256 of the key of ML-DSA-65. */
  mldsa65Sha256: Uint8Array;
  /** SHA-256 of the compressed key reserved for requests made on a chain. */
  ecvrfEvmSha256: Uint8Array;
}

/** Computes the key hash: SHA-256 of `r4/keys/v1`, a zero octet and the SHA-256 of each key. */
export function keyHash(keys: KeySet): Uint8Array {
  return sha256(
    concat(ascii("r4/keys/v1\0"), sha256(keys.ecvrf), sha256(keys.ecdsa), keys.mldsa65Sha256, keys.ecvrfEvmSha256),
  );
}
