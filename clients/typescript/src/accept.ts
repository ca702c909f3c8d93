/** Accepting an answer: it verifies, and it is the answer to what was asked, not a good one to something else. */

import { equal } from "./bytes.js";
import type { Document } from "./document.js";
import { VerificationError } from "./errors.js";
import type { Pin } from "./pin.js";
import type { Expected } from "./request.js";
import { type Report, verify } from "./verify.js";

/**
 * Verifies an answer and compares it with the request.
 *
 * @throws MalformedError, VerificationError
 */
export function accept(json: string, expected: Expected, pin: Pin | undefined): { document: Document; report: Report } {
  const report = verify(json, { pin, require: expected.require });
  if (report.verdict === "malformed") throw report.error;
  const { document } = report;
  const failed = report.checks.find((check) => check.outcome === "failed");
  if (failed) throw new VerificationError(`the check ${failed.name} failed: ${failed.detail}`, report);
  const other = difference(document, expected);
  if (other) throw new VerificationError(`the answer is for another request: ${other}`, report);
  return { document, report };
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
