/** What a verifier may be given: the receipt of a VRF answer, or an attestation of random bytes. */

import { keccak_256 } from "@noble/hashes/sha3.js";

import { MAX_ALPHA_BYTES } from "./alpha.js";
import { POINT_BYTES, PROOF_BYTES, SUITE } from "./ecvrf.js";
import {
  type AttestedFields, attestedStructHash, type ReceiptFields, receiptStructHash, typedDataDigest,
} from "./eip712.js";
import { type Envelope, parseEnvelope } from "./envelope.js";
import { Fields, MAX_DOCUMENT_BYTES } from "./fields.js";
import type { Schemes } from "./schemes.js";

/** The receipt of a VRF answer. Nothing in it has been checked but its form. */
export interface Receipt extends Envelope {
  kind: "vrf";
  /** The output of the VRF, 32 octets. */
  random: Uint8Array;
  /** The input of the VRF, 1 to 1024 octets. */
  alpha: Uint8Array;
  /** Whether the caller chose alpha, or it was derived from the index. */
  alphaSource: "client" | "index";
  /** The public key of the VRF, compressed. */
  vrfPublicKey: Uint8Array;
  /** The proof, 81 octets. */
  proof: Uint8Array;
  /** What a contract takes, where it was asked for. */
  evm: Evm | null;
}

/** The fields `vrf.evm_proof` and `evm_call`. Nothing of them is signed: they are made of the other fields. */
export interface Evm {
  /** The proof with the hints that contracts check. */
  proof: Uint8Array;
  /** The ABI-encoded call of `verifyFull`: exactly when the domain has a contract, and ECDSA signed. */
  call: Uint8Array | null;
}

/** The attestation of random bytes: signed, but not unique; the node could have drawn again. */
export interface Attestation extends Envelope {
  kind: "attested";
  /** The random bytes, 16 to 1000. */
  bytes: Uint8Array;
  /** SHA-256 of the sealed core's binary; zero when there was none. */
  coreSha256: Uint8Array;
  /** How the core made the bytes. */
  mode: "sealed" | "fallback";
}

/** A parsed document. */
export type Document = Receipt | Attestation;

/**
 * Parses either kind of document. An attestation is known by its field `unique`.
 *
 * @throws MalformedError, which names what is wrong
 */
export function parseDocument(input: string | Uint8Array): Document {
  return readDocument(Fields.parse(input, MAX_DOCUMENT_BYTES));
}

/** Reads the fields of either kind. */
export function readDocument(fields: Fields): Document {
  return fields.has("unique") ? parseAttestation(fields) : parseReceipt(fields);
}

/** Reads the fields of a receipt. */
export function parseReceipt(fields: Fields): Receipt {
  const envelope = parseEnvelope(fields);
  const random = fields.hex("random", 32);
  const alpha = fields.hexBytes("alpha");
  if (alpha.length === 0 || alpha.length > MAX_ALPHA_BYTES) {
    throw fields.wrong("alpha", "1 to 1024 bytes in hexadecimal");
  }
  const alphaSource = fields.word("alpha_source", ["client", "index"], '"client" or "index"');
  const vrf = fields.object("vrf");
  vrf.exactly("suite", SUITE, `"${SUITE}"`);
  const vrfPublicKey = vrf.hex("public_key", POINT_BYTES);
  const proof = vrf.hex("proof", PROOF_BYTES);
  const evm = parseEvm(fields, vrf);
  vrf.finish();
  fields.finish();
  return { kind: "vrf", ...envelope, random, alpha, alphaSource, vrfPublicKey, proof, evm };
}

/** Reads what is there of both fields. A call without a proof is left to be refused. */
function parseEvm(fields: Fields, vrf: Fields): Evm | null {
  if (!vrf.has("evm_proof")) return null;
  const proof = vrf.hexBytes("evm_proof");
  return { proof, call: fields.has("evm_call") ? fields.hexBytes("evm_call") : null };
}

function parseAttestation(fields: Fields): Attestation {
  if (fields.bool("unique")) throw fields.wrong("unique", "false");
  const envelope = parseEnvelope(fields);
  const bytes = fields.hexBytes("bytes");
  if (bytes.length < 16 || bytes.length > 1000) throw fields.wrong("bytes", "16 to 1000 bytes in hexadecimal");
  if (fields.integer("n") !== BigInt(bytes.length)) throw fields.wrong("n", "the number of bytes");
  const coreSha256 = fields.hex("core_sha256", 32);
  const mode = fields.word("mode", ["sealed", "fallback"], '"sealed" or "fallback"');
  fields.finish();
  return { kind: "attested", ...envelope, bytes, coreSha256, mode };
}

/** Returns the structure that is signed for a receipt, under a key hash that the caller recomputed. */
export function receiptFields(receipt: Receipt, keyHash: Uint8Array, schemes: Schemes): ReceiptFields {
  const { index, random, timestamp } = receipt;
  return { keyHash, index, alphaHash: keccak_256(receipt.alpha), random, timestamp, schemes };
}

/** Returns the structure that is signed for an attestation, under a key hash that the caller recomputed. */
export function attestedFields(attestation: Attestation, keyHash: Uint8Array, schemes: Schemes): AttestedFields {
  const { index, timestamp, bytes, coreSha256 } = attestation;
  const mode = attestation.mode === "sealed" ? 0 : 1;
  return {
    keyHash, index, bytesHash: keccak_256(bytes), length: bytes.length, coreHash: coreSha256, mode, timestamp, schemes,
  };
}

/** Computes the digest that is signed, under a key hash that the caller recomputed and for the given signatures. */
export function documentDigest(document: Document, keyHash: Uint8Array, schemes: Schemes): Uint8Array {
  const structHash =
    document.kind === "vrf"
      ? receiptStructHash(receiptFields(document, keyHash, schemes))
      : attestedStructHash(attestedFields(document, keyHash, schemes));
  return typedDataDigest(document.domain, structHash);
}
