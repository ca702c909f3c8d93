/** What VRF receipts and attestations have in common: who answered, when, for which domain, and the signatures. */

import { isAddress } from "./address.js";
import { POINT_BYTES } from "./ecvrf.js";
import type { Domain } from "./eip712.js";
import type { Fields } from "./fields.js";
import type { KeySet } from "./keys.js";
import { type Log, parseLog } from "./log.js";
import { ALL_SCHEMES, ECDSA, MLDSA, type Schemes, signatureType } from "./schemes.js";

/** The common fields. Nothing here has been checked but its form. */
export interface Envelope {
  /** The receipt's name: its digest. */
  id: Uint8Array;
  /** The first eight bytes of the key hash. */
  keyId: Uint8Array;
  /** The key epoch that it says it belongs to. */
  keyHash: Uint8Array;
  /** The keys that the key hash is made of. */
  keys: KeySet;
  /** The index, unique in a key epoch. */
  index: bigint;
  /** When the node says it answered, in seconds since 1970. */
  timestamp: bigint;
  /** Where the signatures count. */
  domain: Domain;
  /** The digest that it says was signed. */
  msgHash: Uint8Array;
  /** Which signatures are present. */
  schemes: Schemes;
  /** `v`, `r`, `s` and `signer_addr`, where there is an ECDSA signature. */
  ecdsa: EcdsaSignature | null;
  /** `signature` and `public_key`: the pair of ML-DSA-65, or of ECDSA where that is alone. */
  pair: { signature: Uint8Array; publicKey: Uint8Array };
  /** Where the answer stands in the node's log. Outside of what is signed. */
  log: Log | null;
}

export interface EcdsaSignature {
  /** 27 or 28, if it is right. */
  v: number;
  r: Uint8Array;
  s: Uint8Array;
  /** The address of the key, with the checksum of EIP-55. */
  signerAddr: string;
}

export const MLDSA_PUBLIC_KEY_BYTES = 1952;
const MLDSA_SIGNATURE_BYTES = 3309;
const ECDSA_SIGNATURE_BYTES = 65;

/** Reads the common fields. */
export function parseEnvelope(fields: Fields): Envelope {
  if (fields.integer("version") !== 1n) throw fields.wrong("version", "1");
  fields.exactly("hash_alg", "keccak256", '"keccak256"');
  // The node's own remark that it checked what it sends. Unsigned, so no check rests on it.
  if (!fields.bool("verified")) throw fields.wrong("verified", "true");
  return {
    id: fields.hex("id", 32),
    keyId: fields.hex("key_id", 8),
    keyHash: fields.hex("key_hash", 32),
    keys: parseKeys(fields.object("keys")),
    index: fields.decimal("index"),
    timestamp: fields.timestamp("timestamp"),
    domain: parseDomain(fields.object("domain")),
    msgHash: fields.hex("msg_hash", 32),
    ...parseSignatures(fields),
    log: fields.has("log") ? parseLog(fields.object("log")) : null,
  };
}

/** Reads an address in its one form, with the checksum of EIP-55. */
export function parseAddress(fields: Fields, name: string): string {
  const text = fields.text(name);
  if (!isAddress(text)) throw fields.wrong(name, "an address with the checksum of EIP-55");
  return text;
}

function parseKeys(fields: Fields): KeySet {
  const keys = {
    ecvrf: fields.hex("ecvrf", POINT_BYTES),
    ecdsa: fields.hex("ecdsa", POINT_BYTES),
    mldsa65Sha256: fields.hex("mldsa65_sha256", 32),
    ecvrfEvmSha256: fields.hex("ecvrf_evm_sha256", 32),
  };
  fields.finish();
  return keys;
}

function parseDomain(fields: Fields): Domain {
  fields.exactly("name", "Re4ctoR", '"Re4ctoR"');
  fields.exactly("version", "1", '"1"');
  const chainId = fields.has("chain_id") ? fields.decimal("chain_id") : null;
  const contract = fields.has("contract") ? parseAddress(fields, "contract") : null;
  if (contract !== null && chainId === null) throw fields.wrong("chain_id", "there when contract is");
  fields.finish();
  return { chainId, contract };
}

/** The type says which fields must be there; the others are then unknown. */
function parseSignatures(fields: Fields): Pick<Envelope, "schemes" | "ecdsa" | "pair"> {
  const type = fields.text("signature_type");
  const schemes = ALL_SCHEMES.find((set) => signatureType(set) === type);
  if (schemes === undefined) {
    const form = '"ECDSA(secp256k1) + ML-DSA-65", "ECDSA(secp256k1)" or "ML-DSA-65"';
    throw fields.wrong("signature_type", form);
  }
  const ecdsa = schemes === MLDSA ? null : parseEcdsa(fields);
  if (schemes === ECDSA) return { schemes, ecdsa, pair: parsePair(fields, ECDSA_SIGNATURE_BYTES, POINT_BYTES) };
  fields.exactly("pq_scheme", "ML-DSA-65", '"ML-DSA-65"');
  return { schemes, ecdsa, pair: parsePair(fields, MLDSA_SIGNATURE_BYTES, MLDSA_PUBLIC_KEY_BYTES) };
}

function parseEcdsa(fields: Fields): EcdsaSignature {
  const v = fields.integer("v");
  if (v > 255n) throw fields.wrong("v", "27 or 28");
  return {
    v: Number(v),
    r: fields.hex("r", 32),
    s: fields.hex("s", 32),
    signerAddr: parseAddress(fields, "signer_addr"),
  };
}

function parsePair(fields: Fields, signatureBytes: number, keyBytes: number): Envelope["pair"] {
  return { signature: fields.base64("signature", signatureBytes), publicKey: fields.base64("public_key", keyBytes) };
}
