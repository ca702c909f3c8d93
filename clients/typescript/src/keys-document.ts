/** The document of `GET /keys`: every epoch's public keys, which epoch is active, and the log's keys. Whoever keeps it can pin it. */

import { sha256 } from "@noble/hashes/sha2.js";

import { addressOf } from "./address.js";
import { equal, toHex } from "./bytes.js";
import { parsePublicKey, POINT_BYTES, SUITE } from "./ecvrf.js";
import { MLDSA_PUBLIC_KEY_BYTES, parseAddress } from "./envelope.js";
import { Fields } from "./fields.js";
import { keyHash } from "./keys.js";
import { type LogKeys, parseLogKeys } from "./log-keys.js";
import { attempt, Refusal } from "./refusal.js";

/** Octets that the document may have: some three hundred epochs. */
export const MAX_KEYS_DOCUMENT_BYTES = 1024 * 1024;

/** The public keys of a node. Each epoch's key hash has been recomputed from its keys; no epoch is there twice. */
export interface KeysDocument {
  /** The active epoch's key hash; null while none signs, because it was revoked. */
  active: Uint8Array | null;
  epochs: Epoch[];
  /** The keys of the node's log, where it has one. */
  log: LogKeys | null;
}

/** One key epoch. */
export interface Epoch {
  keyHash: Uint8Array;
  status: Status;
  /** When it began to sign, in seconds since 1970, if that is known. */
  validFrom: bigint | null;
  /** When it stopped signing, or will. */
  validUntil: bigint | null;
  /** The public keys; the curve keys compressed. */
  keys: Record<"ecvrf" | "ecdsa" | "mldsa65" | "ecvrfEvm", Uint8Array>;
  /** The address of the ECDSA key. */
  signer: string;
}

const STATUSES = ["active", "retired", "announced", "revoked"] as const;
/** What an epoch is doing. What a retired one signed counts; of a revoked one nothing counts any more. */
export type Status = (typeof STATUSES)[number];

/**
 * Parses the document's JSON, as strictly as a receipt's.
 *
 * @throws MalformedError, also where a key hash, key id or address does not belong to its keys, or an epoch is there twice
 */
export function parseKeysDocument(input: string | Uint8Array): KeysDocument {
  const fields = Fields.parse(input, MAX_KEYS_DOCUMENT_BYTES);
  const active = fields.hexOrNull("active", 32);
  const epochs = fields.list("epochs").map(parseEpoch);
  const [first, ...others] = epochs.filter((epoch) => epoch.status === "active");
  const named = first && active ? equal(first.keyHash, active) : !first && !active;
  if (!named || others.length > 0) {
    throw fields.wrong("active", "the key hash of the one active epoch, or null where there is none");
  }
  // One that was revoked is not to come back under another status.
  if (new Set(epochs.map((epoch) => toHex(epoch.keyHash))).size < epochs.length) {
    throw fields.wrong("epochs", "one entry for each key hash");
  }
  const log = fields.has("log") ? parseLogKeys(fields.object("log")) : null;
  fields.finish();
  return { active, epochs, log };
}

/** Returns the key hashes whose signatures count: those of the active and the retired epochs. */
export function trustedKeyHashes(document: KeysDocument): Uint8Array[] {
  return document.epochs
    .filter(({ status }) => status === "active" || status === "retired")
    .map((epoch) => epoch.keyHash);
}

function parseEpoch(fields: Fields): Epoch {
  const keyId = fields.hex("key_id", 8);
  const stated = fields.hex("key_hash", 32);
  const status = fields.word("status", STATUSES, '"active", "retired", "announced" or "revoked"');
  const validFrom = fields.timestampOrNull("valid_from");
  const validUntil = fields.timestampOrNull("valid_until");
  const { keys, signer } = parseKeys(fields);
  const { ecvrf, ecdsa } = keys;
  const computed = keyHash({
    ecvrf, ecdsa, mldsa65Sha256: sha256(keys.mldsa65), ecvrfEvmSha256: sha256(keys.ecvrfEvm),
  });
  if (!equal(computed, stated)) throw fields.wrong("key_hash", "the hash of the keys");
  if (!equal(keyId, stated.subarray(0, 8))) throw fields.wrong("key_id", "the first 8 bytes of key_hash");
  fields.finish();
  return { keyHash: stated, status, validFrom, validUntil, keys, signer };
}

function parseKeys(epoch: Fields): Pick<Epoch, "keys" | "signer"> {
  const list = epoch.list("keys");
  if (list.length !== 4) throw epoch.wrong("keys", "a list of four keys");
  const [ecvrf, ecdsa, mldsa65, ecvrfEvm] = list as [Fields, Fields, Fields, Fields];
  const ecdsaAlgorithm = "ECDSA-secp256k1";
  const keys = {
    ecvrf: parsePoint(ecvrf, "ecvrf", SUITE),
    ecdsa: parsePoint(ecdsa, "ecdsa", ecdsaAlgorithm),
    mldsa65: parseMldsa(mldsa65),
    ecvrfEvm: parsePoint(ecvrfEvm, "ecvrf-evm", SUITE),
  };
  const signer = parseAddress(ecdsa, "address");
  if (addressOf(parsePublicKey(keys.ecdsa).toBytes(false).subarray(1)) !== signer) {
    throw ecdsa.wrong("address", "the address of the key");
  }
  if (!ecvrfEvm.bool("reserved")) throw ecvrfEvm.wrong("reserved", "true");
  for (const fields of list) fields.finish();
  return { keys, signer };
}

const USES = "ecvrf, ecdsa, mldsa65, ecvrf-evm, in this order";

function parsePoint(fields: Fields, usage: string, algorithm: string): Uint8Array {
  fields.exactly("use", usage, USES);
  fields.exactly("algorithm", algorithm, "the algorithm of this use");
  fields.exactly("encoding", "sec1-compressed-hex", '"sec1-compressed-hex"');
  const point = fields.hex("public_key", POINT_BYTES);
  if (attempt(() => parsePublicKey(point)) instanceof Refusal) {
    throw fields.wrong("public_key", "a compressed point of secp256k1");
  }
  return point;
}

function parseMldsa(fields: Fields): Uint8Array {
  fields.exactly("use", "mldsa65", USES);
  fields.exactly("algorithm", "ML-DSA-65", '"ML-DSA-65"');
  fields.exactly("encoding", "base64", '"base64"');
  return fields.base64("public_key", MLDSA_PUBLIC_KEY_BYTES);
}
