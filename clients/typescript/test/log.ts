/** A log for tests, made from the specifications alone: its tree, its checkpoints, and what a document says of it. */

import { createHash } from "node:crypto";

import { ed25519 } from "@noble/curves/ed25519.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";

import { bytes } from "./vectors.js";

/** The field `log` of a document. */
export interface LogJson {
  [field: string]: unknown;
  origin: string;
  index: string;
  leaf_hash: string;
  tree_size: string;
  root: string;
  inclusion: string[];
  checkpoint: string;
}

/** A log with keys of its own. */
export interface TestLog {
  origin: string;
  /** What `/keys` says of it. */
  keys: { origin: string; keys: [string, string] };
  /** The signed checkpoint. */
  checkpoint: (size: bigint, root: Uint8Array, timestamp?: bigint) => string;
}

const NOW = 1_790_000_000n;

export const hex = (octets: Uint8Array) => `0x${Buffer.from(octets).toString("hex")}`;
export const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64");
export const sha256 = (...parts: Uint8Array[]): Uint8Array => createHash("sha256").update(Buffer.concat(parts)).digest();
const leafOf = (entry: Uint8Array) => sha256(Uint8Array.of(0), entry);
const nodeOf = (left: Uint8Array, right: Uint8Array) => sha256(Uint8Array.of(1), left, right);

function number(value: bigint): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(value);
  return octets;
}

/** Makes a log whose keys are those of a seed. */
export function makeLog(seed: number, origin = "random.example.org/v1/log"): TestLog {
  const secret = new Uint8Array(32).fill(seed);
  const mldsa = ml_dsa44.keygen(secret);
  const ed25519Key = new NoteKey(origin, 1, ed25519.getPublicKey(secret));
  const mldsa44Key = new NoteKey(origin, 6, mldsa.publicKey);
  const checkpoint = (size: bigint, root: Uint8Array, timestamp = NOW) => {
    const text = `${origin}\n${size}\n${base64(root)}\n`;
    const signed = cosigned(origin, timestamp, origin, size, root);
    const cosignature = ml_dsa44.sign(signed, mldsa.secretKey, { extraEntropy: false });
    const lines = [
      ed25519Key.line(ed25519.sign(Buffer.from(text), secret)),
      mldsa44Key.line(Buffer.concat([number(timestamp), cosignature])),
    ];
    return `${text}\n${lines.join("")}`;
  };
  return { origin, keys: { origin, keys: [ed25519Key.vkey(), mldsa44Key.vkey()] }, checkpoint };
}

/** A public key of a note. */
export class NoteKey {
  private readonly id: Uint8Array;
  private readonly material: Buffer;

  constructor(
    private readonly name: string,
    type: number,
    publicKey: Uint8Array,
  ) {
    this.material = Buffer.concat([Uint8Array.of(type), publicKey]);
    this.id = sha256(Buffer.from(`${name}\n`), this.material).subarray(0, 4);
  }

  vkey(): string {
    return `${this.name}+${Buffer.from(this.id).toString("hex")}+${base64(this.material)}`;
  }

  line(signature: Uint8Array): string {
    return `— ${this.name} ${base64(Buffer.concat([this.id, signature]))}\n`;
  }
}

/** `cosigned_message` of c2sp.org/tlog-cosignature. */
export function cosigned(name: string, timestamp: bigint, origin: string, size: bigint, root: Uint8Array): Buffer {
  const counted = (text: string) => Buffer.concat([Uint8Array.of(Buffer.byteLength(text)), Buffer.from(text)]);
  const label = Buffer.from("subtree/v1\n\0");
  return Buffer.concat([label, counted(name), number(timestamp), counted(origin), number(0n), number(size), root]);
}

/** The root of a tree, as RFC 6962 §2.1 defines it. */
export function rootOf(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256();
  const [only] = leaves;
  if (only && leaves.length === 1) return leafOf(only);
  const k = Number(split(BigInt(leaves.length)));
  return nodeOf(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

/** The proof of a leaf, as RFC 6962 §2.1.1 defines it. */
export function pathOf(index: number, leaves: Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = Number(split(BigInt(leaves.length)));
  return index < k
    ? [...pathOf(index, leaves.slice(0, k)), rootOf(leaves.slice(k))]
    : [...pathOf(index - k, leaves.slice(k)), rootOf(leaves.slice(0, k))];
}

/** A proof and a root for a leaf of a tree of which nothing else is known. */
function sparse(leaf: Uint8Array, index: bigint, size: bigint): { path: Uint8Array[]; root: Uint8Array } {
  if (size === 1n) return { path: [], root: leaf };
  const k = split(size);
  const isLeft = index < k;
  const { path, root } = isLeft ? sparse(leaf, index, k) : sparse(leaf, index - k, size - k);
  const beside = sha256(Buffer.from(`subtree ${index} of ${size}`));
  return { path: [...path, beside], root: isLeft ? nodeOf(root, beside) : nodeOf(beside, root) };
}

/** The largest power of two below a number. */
function split(size: bigint): bigint {
  let k = 1n;
  while (2n * k < size) k *= 2n;
  return k;
}

/** The entry of a document, from its JSON. */
export function entryOf(document: Record<string, unknown>): Buffer {
  const field = (name: string) => bytes(String(document[name]));
  const attested = "unique" in document;
  const schemes = { "ECDSA(secp256k1)": 1, "ML-DSA-65": 2 }[String(document["signature_type"])] ?? 3;
  const seconds = BigInt(Date.parse(String(document["timestamp"])) / 1000);
  return Buffer.concat([
    Uint8Array.of(1, attested ? 2 : 1), field("id"), field("key_hash"), number(BigInt(String(document["index"]))),
    keccak_256(field(attested ? "bytes" : "alpha")), attested ? new Uint8Array(32) : field("random"),
    number(seconds), Uint8Array.of(schemes),
  ]);
}

/** What a document says of a log in which `more` entries follow its own, at its index or another place. */
export function logOf(json: string, log: TestLog, more: bigint, place?: bigint): LogJson {
  const document = JSON.parse(json) as Record<string, unknown>;
  const leaf = leafOf(entryOf(document));
  const index = place ?? BigInt(String(document["index"]));
  const size = index + 1n + more;
  const { path, root } = sparse(leaf, index, size);
  return {
    origin: log.origin, index: String(index), leaf_hash: hex(leaf), tree_size: String(size), root: hex(root),
    inclusion: path.map(hex), checkpoint: log.checkpoint(size, root),
  };
}

/** A document with another field `log`. */
export function withLog(json: string, log: unknown): string {
  return JSON.stringify({ ...(JSON.parse(json) as object), log });
}
