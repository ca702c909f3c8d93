/** Checking a draw offline: all that is checked of its receipt, and the draw made again. */

import type { Check, CheckName } from "./check.js";
import { allChecks } from "./checks.js";
import type { Document, Receipt } from "./document.js";
import { drawChecks } from "./draw-check.js";
import { type Draw, parseDrawOrDocument } from "./draw-document.js";
import { hashParticipants, hashWeights, type Lists } from "./draw-lists.js";
import type { DrawResult } from "./draw-result.js";
import type { DrawSpec } from "./draw-spec.js";
import { MalformedError } from "./errors.js";
import { attempt, Refusal } from "./refusal.js";
import { type MalformedReport, malformedReport, type Policy, readPolicy, type Trust, verdictOf } from "./verify.js";

/** Whom to trust, what to demand, and the lists that the caller has. */
export interface DrawPolicy extends Policy {
  /** The list that was drawn from, where the document has its hash alone. */
  participants?: readonly string[] | undefined;
  /** The weights, where the document has their hash alone. */
  weights?: readonly number[] | undefined;
}

/** What was found. */
export type DrawReport = CheckedDrawReport | MalformedReport;

/** What was found in a draw, or in a receipt that is for one. */
export interface CheckedDrawReport {
  verdict: "valid" | "self-consistent" | "failed";
  /** The name of the first check that failed. */
  failed: CheckName | null;
  /** Every check in order, also those that were not made. */
  checks: Check[];
  error: null;
  /** The receipt of the output that the result is made of. */
  document: Receipt;
  /** What was drawn; null where the receipt is for no draw. */
  spec: DrawSpec | null;
  /** The result as it was computed here, never as the document states it; null where it cannot be. */
  result: DrawResult | null;
  /** The list, where the document or the caller has it. */
  participants: readonly string[] | null;
  /** The participants in the order of the result; null where no list is known, or a check failed. */
  names: readonly string[] | null;
}

/**
 * Makes every check of a draw, given as its JSON text or octets; a bare receipt of a draw is taken, too.
 * The result is computed again from the receipt's random. It asks nobody: no network, no clock.
 *
 * That a label was announced beforehand, and had something in it that nobody could know then, is for the
 * caller to see: whoever may ask the node can try labels until one pleases. A nonce was chosen by the
 * node, which could have tried several.
 *
 * @throws PinError when the pin names nobody, TypeError for lists that no draw has; nothing is thrown for
 * what is wrong with the document
 */
export function verifyDraw(document: string | Uint8Array, policy: DrawPolicy = {}): DrawReport {
  const trust = readPolicy(document, policy);
  const lists = readLists(policy);
  const parsed = parse(document);
  if (parsed instanceof MalformedError) return malformedReport(parsed);
  if (parsed.kind === "attested") return malformedReport(new MalformedError("these are attested bytes, not a draw"));
  return checkDraw(parsed, trust, lists);
}

/** Checks a parsed draw, or a receipt as the receipt of one. */
export function checkDraw(parsed: Draw | Receipt, trust: Trust, given: Lists): CheckedDrawReport {
  const [draw, receipt] = parsed.kind === "draw" ? [parsed, parsed.receipt] : [null, parsed];
  const { spec, lists, result, checks: ofDraw } = drawChecks(draw, receipt, given);
  const checks = [...allChecks(receipt, trust.trusted, trust.require), ...ofDraw];
  const { verdict, failed } = verdictOf(checks, trust);
  const { participants } = lists;
  const names = failed || !result || !participants ? null : namesOf(result, participants);
  return { verdict, failed, checks, error: null, document: receipt, spec, result, participants, names };
}

/** Reads the caller's lists. */
export function readLists({ participants, weights }: DrawPolicy): Lists {
  const wrong = attempt(() => {
    if (participants) hashParticipants(participants);
    if (weights) hashWeights(weights);
  });
  if (wrong instanceof Refusal) throw new TypeError(wrong.message);
  return { participants: participants ?? null, weights: weights ?? null };
}

function namesOf(result: DrawResult, participants: readonly string[]): string[] {
  return result.map((at) => participants[Number(at)] ?? "");
}

function parse(input: string | Uint8Array): Draw | Document | MalformedError {
  try {
    return parseDrawOrDocument(input);
  } catch (error) {
    if (error instanceof MalformedError) return error;
    throw error;
  }
}
