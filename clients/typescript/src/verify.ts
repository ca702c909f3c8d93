/**
 * Checking a document offline: everything is recomputed from the bytes, each step has a name, and
 * whom to trust is the caller's to say.
 */

import type { Check, CheckName } from "./check.js";
import { allChecks, type Require } from "./checks.js";
import { type Document, parseDocument } from "./document.js";
import { MalformedError } from "./errors.js";
import { type Pin, readPin, type Trusted } from "./pin.js";

/** Whom to trust and what to demand. */
export interface Policy {
  /** Whom to trust. Without it the best verdict is `self-consistent`. */
  pin?: Pin | undefined;
  /** Which signatures a trusted document must carry: `dual` unless said otherwise. */
  require?: Require | undefined;
}

/**
 * What the checks add up to.
 *
 * - `valid`: everything holds, and the signer is one that the caller trusts;
 * - `self-consistent`: everything holds, but nobody was pinned, and anyone could have made the document;
 * - `failed`: a check does not hold;
 * - `malformed`: this is no receipt and no attestation.
 */
export type Verdict = Report["verdict"];

/** What was found. */
export type Report = CheckedReport | MalformedReport;

/** What was found in a document. */
export interface CheckedReport {
  verdict: "valid" | "self-consistent" | "failed";
  /** The name of the first check that failed. */
  failed: CheckName | null;
  /** Every check in order, also those that were not made. */
  checks: Check[];
  error: null;
  /** What the document says. */
  document: Document;
}

/** What was given is no document. */
export interface MalformedReport {
  verdict: "malformed";
  failed: null;
  checks: [];
  /** What is wrong with it. */
  error: MalformedError;
  document: null;
}

const REQUIRES: readonly Require[] = ["dual", "ecdsa", "mldsa65"];

/**
 * Makes every check of a receipt or an attestation, given as its JSON text or octets. It asks nobody:
 * no network, no clock. One check that fails does not keep the others from being made.
 *
 * Give the text as it came: `JSON.parse` and `JSON.stringify` would hide repeated fields.
 *
 * @throws PinError when the pin names nobody; nothing is thrown for what is wrong with the document
 */
export function verify(document: string | Uint8Array, policy: Policy = {}): Report {
  const trust = readPolicy(document, policy);
  const parsed = parse(document);
  return parsed instanceof MalformedError ? malformedReport(parsed) : checkDocument(parsed, trust);
}

/** A policy that has been read. */
export interface Trust {
  trusted: Trusted;
  require: Require;
}

/** Reads a policy, and makes sure that the document is one as it came. */
export function readPolicy(document: string | Uint8Array, policy: Policy): Trust {
  if (typeof document !== "string" && !(document instanceof Uint8Array)) {
    throw new TypeError("the document must be its JSON text or a Uint8Array of it");
  }
  const { require = "dual" } = policy;
  if (!REQUIRES.includes(require)) throw new TypeError(`require must be one of ${REQUIRES.join(", ")}`);
  return { trusted: readPin(policy.pin), require };
}

/** Checks a parsed document. */
export function checkDocument(document: Document, trust: Trust): CheckedReport {
  const checks = allChecks(document, trust.trusted, trust.require);
  return { ...verdictOf(checks, trust), checks, error: null, document };
}

/** Says that there is no document. */
export function malformedReport(error: MalformedError): MalformedReport {
  return { verdict: "malformed", failed: null, checks: [], error, document: null };
}

/** Says what checks add up to. */
export function verdictOf(checks: Check[], { trusted }: Trust): Pick<CheckedReport, "verdict" | "failed"> {
  const failed = checks.find((check) => check.outcome === "failed")?.name ?? null;
  return { verdict: failed ? "failed" : trusted ? "valid" : "self-consistent", failed };
}

function parse(input: string | Uint8Array): Document | MalformedError {
  try {
    return parseDocument(input);
  } catch (error) {
    if (error instanceof MalformedError) return error;
    throw error;
  }
}
