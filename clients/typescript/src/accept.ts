/** Accepting an answer: it verifies, and it is the answer to what was asked, not a good one to something else. */

import { equal } from "./bytes.js";
import { parseCheckpoint, type SignedCheckpoint } from "./checkpoint.js";
import type { Document, Receipt } from "./document.js";
import { type Draw, parseDrawOrDocument } from "./draw-document.js";
import { otherDraw } from "./draw-order.js";
import type { DrawSpec } from "./draw-spec.js";
import { MalformedError, VerificationError } from "./errors.js";
import { type LogKeys, verifyLogCheckpoint } from "./log-keys.js";
import type { Pin } from "./pin.js";
import { attempt, Refusal, refusal } from "./refusal.js";
import type { Expected } from "./request.js";
import { type Policy, readPolicy, type Report, verify } from "./verify.js";
import { checkDraw, type CheckedDrawReport, type DrawReport } from "./verify-draw.js";

/** A document that verifies. */
export interface Accepted<T> {
  document: T;
  report: Report;
}

/**
 * Verifies an answer and compares it with the request.
 *
 * @throws MalformedError, VerificationError
 */
export function accept(json: string, expected: Expected, pin: Pin | undefined): Accepted<Document> {
  const accepted = verified(json, { pin, require: expected.require });
  const other = difference(accepted.document, expected);
  if (other) throw otherRequest(other, accepted.report);
  return accepted;
}

/**
 * Verifies a receipt that was asked for by its id, which is its digest.
 *
 * @throws MalformedError, VerificationError
 */
export function acceptReceipt(json: string, id: Uint8Array, policy: Policy): Accepted<Receipt> {
  const { document, report } = verified(json, policy);
  if (document.kind !== "vrf") throw otherRequest("it is another kind of document", report);
  if (!equal(document.id, id)) throw otherRequest("it has another id", report);
  return { document, report };
}

/** A draw that verifies. */
export interface AcceptedDraw {
  document: Draw;
  report: CheckedDrawReport;
}

/**
 * Verifies a draw, and compares it with the order or with the id that was asked for.
 *
 * @throws MalformedError, VerificationError
 */
export function acceptDraw(json: string, asked: DrawSpec | Uint8Array, pin: Pin | undefined): AcceptedDraw {
  const trust = readPolicy(json, { pin });
  const document = parseDrawOrDocument(json);
  if (document.kind !== "draw") throw new MalformedError("the answer is no draw");
  const report = checkDraw(document, trust, { participants: null, weights: null });
  refuseFailed(report);
  if (asked instanceof Uint8Array) {
    if (!equal(document.id, asked)) throw otherRequest("it has another id", report);
    return { document, report };
  }
  const other = otherDraw(document.spec, asked);
  if (other) throw otherRequest(other, report);
  return { document, report };
}

/**
 * Reads a checkpoint, and verifies it where the log's keys were pinned.
 *
 * @throws MalformedError, VerificationError
 */
export function acceptCheckpoint(text: string, keys: LogKeys | null): SignedCheckpoint {
  const checkpoint = attempt(() => parseCheckpoint(text));
  if (checkpoint instanceof Refusal) throw new MalformedError(`the answer is no checkpoint: ${checkpoint.message}`);
  const wrong = keys && refusal(() => verifyLogCheckpoint(checkpoint, keys));
  if (wrong) throw new VerificationError(`the checkpoint must not be used: ${wrong}`, null);
  return checkpoint;
}

function verified(json: string, policy: Policy): Accepted<Document> {
  const report = verify(json, policy);
  if (report.verdict === "malformed") throw report.error;
  refuseFailed(report);
  return { document: report.document, report };
}

function refuseFailed(report: Report | DrawReport): void {
  const failed = report.checks.find((check) => check.outcome === "failed");
  if (failed) throw new VerificationError(`the check ${failed.name} failed: ${failed.detail}`, report);
}

function otherRequest(difference: string, report: Report | DrawReport): VerificationError {
  return new VerificationError(`the answer is for another request: ${difference}`, report);
}

function difference(document: Document, expected: Expected): string | null {
  const { chainId, contract } = document.domain;
  if (document.kind !== expected.kind) return "it is another kind of document";
  if (document.schemes !== expected.schemes) return "it has other signatures";
  if (chainId !== expected.domain.chainId || contract !== expected.domain.contract) return "it has another domain";
  if (document.kind === "attested") {
    return document.bytes.length === expected.length ? null : "it has another number of bytes";
  }
  if ((document.evm !== null) !== expected.evm) return "it has another format";
  if (!expected.alpha) return document.alphaSource === "index" ? null : "its alpha is a client's";
  const same = document.alphaSource === "client" && equal(document.alpha, expected.alpha);
  return same ? null : "it has another alpha";
}
