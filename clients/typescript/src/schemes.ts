/** Which signatures a receipt carries. The number is signed, so that none can be stripped or added. */

/** The set of signatures by its number in the signed structure: ECDSA, ML-DSA-65, both. */
export type Schemes = 1 | 2 | 3;

export const ECDSA = 1;
export const MLDSA = 2;
export const DUAL = 3;

/** Every set, in the order of their numbers. */
export const ALL_SCHEMES: readonly Schemes[] = [ECDSA, MLDSA, DUAL];

const TYPES = { 1: "ECDSA(secp256k1)", 2: "ML-DSA-65", 3: "ECDSA(secp256k1) + ML-DSA-65" } as const;

/** Returns the JSON field `signature_type`. */
export function signatureType(schemes: Schemes): string {
  return TYPES[schemes];
}
