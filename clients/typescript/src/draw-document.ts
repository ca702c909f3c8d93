/** Draws as a node answers them. */

import { type Document, type Receipt, readDocument, parseReceipt } from "./document.js";
import { isKindName, type Kind, makeKind, NUMBERS, type Numbers } from "./draw-kind.js";
import { hashParticipants, hashWeights } from "./draw-lists.js";
import type { DrawResult } from "./draw-result.js";
import { type DrawSpec, makeSpec, NONCE_BYTES } from "./draw-spec.js";
import type { MalformedError } from "./errors.js";
import { Fields, MAX_DOCUMENT_BYTES, tooLarge } from "./fields.js";
import { attempt, Refusal } from "./refusal.js";

/** A draw. Nothing in it has been checked but its form. */
export interface Draw {
  kind: "draw";
  /** The draw's name, which is its receipt's. */
  id: Uint8Array;
  /** What was drawn. */
  spec: DrawSpec;
  /** What the node says came out. */
  result: DrawResult;
  /** The list in the clear, where the node has it. */
  participants: readonly string[] | null;
  weights: readonly number[] | null;
  /** The receipt of the output that the result is made of. */
  receipt: Receipt;
}

/** Octets that a draw's JSON may have: 10,000 participants of 200 bytes with their weights, however they are escaped. */
export const MAX_DRAW_BYTES = 8 * 1024 * 1024;

const HASH_BYTES = 32;

/**
 * Parses a draw, known by its fields `draw` or `receipt`, a receipt or an attestation.
 *
 * @throws MalformedError, which names what is wrong
 */
export function parseDrawOrDocument(input: string | Uint8Array): Draw | Document {
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  const fields = parseFields(bytes);
  if (isDraw(fields)) return parseDraw(fields);
  if (bytes.length > MAX_DOCUMENT_BYTES) throw tooLarge(bytes, MAX_DOCUMENT_BYTES);
  return readDocument(fields);
}

/** Parses the fields. What is no JSON, and too large for anything but a draw, is told to be too large. */
function parseFields(bytes: Uint8Array): Fields {
  try {
    return Fields.parse(bytes, MAX_DRAW_BYTES);
  } catch (error) {
    if (bytes.length <= MAX_DOCUMENT_BYTES || beginsLikeDraw(bytes)) throw error;
    throw tooLarge(bytes, MAX_DOCUMENT_BYTES);
  }
}

function beginsLikeDraw(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, 1024)).includes('"draw"');
}

function isDraw(fields: Fields): boolean {
  return fields.has("draw") || fields.has("receipt");
}

function parseDraw(fields: Fields): Draw {
  if (fields.integer("version") !== 1n) throw fields.wrong("version", "1");
  const id = fields.hex("id", HASH_BYTES);
  const spec = parseSpec(fields.object("draw"), fields);
  const result = parseResult(fields, spec.kind);
  const participants = fields.has("participants") ? fields.texts("participants") : null;
  if (participants) refuse(fields, "participants", () => hashParticipants(participants));
  const weights = fields.has("weights") ? fields.integers("weights") : null;
  if (weights) refuse(fields, "weights", () => hashWeights(weights));
  const receipt = parseReceipt(fields.object("receipt"));
  fields.finish();
  return { kind: "draw", id, spec, result, participants, weights, receipt };
}

function parseSpec(fields: Fields, parent: Fields): DrawSpec {
  const name = fields.text("kind");
  if (!isKindName(name)) throw fields.wrong("kind", `one of ${Object.keys(NUMBERS).join(", ")}`);
  const numbers: Numbers = Object.fromEntries(
    NUMBERS[name].map((field) => [field, field === "unique" ? fields.bool(field) : fields.signed(field)]),
  );
  const hash = (field: string) => (fields.has(field) ? fields.hex(field, HASH_BYTES) : null);
  const [participantsSha256, weightsSha256] = [hash("participants_sha256"), hash("weights_sha256")];
  const label = fields.has("label") ? fields.text("label") : null;
  const nonce = label === null ? fields.hex("nonce", NONCE_BYTES) : null;
  fields.finish();
  return refuse(parent, "draw", () =>
    makeSpec({ kind: makeKind(name, numbers), participantsSha256, weightsSha256, label, nonce }),
  );
}

function parseResult(fields: Fields, { kind }: Kind): DrawResult {
  const inTexts = kind === "cards" || kind === "decimals" || kind === "uuids";
  return inTexts ? fields.texts("result") : fields.integers("result");
}

/** Runs a step; what it refuses is wrong with a field. */
function refuse<T>(fields: Fields, name: string, step: () => T): T {
  const result = attempt(step);
  if (result instanceof Refusal) throw malformed(fields, name, result);
  return result;
}

function malformed(fields: Fields, name: string, { message }: Refusal): MalformedError {
  return fields.wrong(name, `another: ${message}`);
}
