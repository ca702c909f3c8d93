/** The checks of a draw: that the receipt is for it, that the lists are its own, and the result. */

import { ascii, equal, toHex } from "./bytes.js";
import { type Check, check, notChecked } from "./check.js";
import type { Receipt } from "./document.js";
import type { Draw } from "./draw-document.js";
import { entriesOf } from "./draw-kind.js";
import { hashParticipants, hashWeights, type Lists } from "./draw-lists.js";
import { type DrawResult, makeResult } from "./draw-result.js";
import { alphaText, type DrawSpec, readAlpha } from "./draw-spec.js";
import { attempt, Refusal } from "./refusal.js";

/** What was drawn, its result as computed here, and the checks of both. */
export interface Found {
  /** Null where the receipt is for no draw. */
  spec: DrawSpec | null;
  lists: Lists;
  /** Null where it cannot be computed. */
  result: DrawResult | null;
  checks: Check[];
}

/** Makes every check, in the order of their names. `draw` is null for a bare receipt; `given` are the caller's lists. */
export function drawChecks(draw: Draw | null, receipt: Receipt, given: Lists): Found {
  const said = attempt(() => readAlpha(receipt.alpha));
  const first = drawCheck(draw, receipt, said);
  const spec = draw?.spec ?? said;
  if (spec instanceof Refusal) {
    return { spec: null, lists: given, result: null, checks: [first, notChecked("result", "the receipt is for no draw")] };
  }
  const lists = { participants: draw?.participants ?? given.participants, weights: draw?.weights ?? given.weights };
  const result = compute(spec, lists, receipt);
  const checks = [
    first,
    ...participantsCheck(spec, lists, given),
    ...weightsCheck(spec, lists, given),
    resultCheck(draw, result, receipt),
  ];
  return { spec, lists, result, checks };
}

function drawCheck(draw: Draw | null, receipt: Receipt, said: DrawSpec | Refusal): Check {
  const wrong =
    (said instanceof Refusal && `the receipt's alpha is no draw: ${said.message}`) ||
    (draw && !equal(ascii(alphaText(draw.spec)), receipt.alpha) && "the receipt's alpha says another draw") ||
    (draw && !equal(draw.id, receipt.id) && "id is not the receipt's");
  const right = draw ? "the receipt's alpha says exactly this draw" : "the draw is read from the receipt's alpha";
  return check("draw", wrong, right, {
    ...(draw ? { draw: alphaText(draw.spec), id: toHex(draw.id) } : {}),
    alpha: shown(receipt.alpha),
    receipt: toHex(receipt.id),
  });
}

/** Shows an alpha as text where it is plain text. */
function shown(alpha: Uint8Array): string {
  const text = String.fromCharCode(...alpha);
  return /^[ -~\n]*$/.test(text) ? text : toHex(alpha);
}

function participantsCheck({ kind, participantsSha256: stated }: DrawSpec, lists: Lists, given: Lists): Check[] {
  const { participants } = lists;
  const inputs = { stated: stated ? toHex(stated) : "none" };
  if (!participants) {
    return stated ? [notChecked("participants", "the list was not given: its hash alone is known", inputs)] : [];
  }
  const computed = hashParticipants(participants);
  const n = entriesOf(kind);
  const wrong =
    (!stated && "the draw names no list") ||
    (differ(given.participants, participants) && "the document has another list than the one given") ||
    (stated && !equal(computed, stated) && "the list is not the one that the draw names") ||
    (participants.length !== n && `the list has ${participants.length} entries, the draw ${n}`);
  const right = `the list of ${participants.length} is the one that the draw names`;
  return [check("participants", wrong, right, { ...inputs, recomputed: toHex(computed), n: String(participants.length) })];
}

function weightsCheck({ kind, weightsSha256: stated }: DrawSpec, lists: Lists, given: Lists): Check[] {
  const { weights } = lists;
  const inputs = { stated: stated ? toHex(stated) : "none" };
  if (!weights) return stated ? [check("weights", "the weights are needed", "", inputs)] : [];
  const computed = hashWeights(weights);
  const n = entriesOf(kind);
  const wrong =
    (!stated && "the draw is not by weight") ||
    (differ(given.weights, weights) && "the document has other weights than those given") ||
    (stated && !equal(computed, stated) && "the weights are not those that the draw names") ||
    (weights.length !== n && `there are ${weights.length} weights, and ${n} to draw from`);
  const right = "the weights are those that the draw names";
  return [check("weights", wrong, right, { ...inputs, recomputed: toHex(computed), n: String(weights.length) })];
}

function differ<T>(given: readonly T[] | null, list: readonly T[]): boolean {
  return given !== null && (given.length !== list.length || given.some((entry, at) => entry !== list[at]));
}

function compute(spec: DrawSpec, { weights }: Lists, receipt: Receipt): DrawResult | null {
  if (!spec.weightsSha256) return makeResult(spec.kind, receipt.random, null);
  return weights?.length === entriesOf(spec.kind) ? makeResult(spec.kind, receipt.random, weights) : null;
}

function resultCheck(draw: Draw | null, result: DrawResult | null, receipt: Receipt): Check {
  if (!result) return notChecked("result", "without the weights it cannot be computed");
  const wrong = draw && differ<number | string>(draw.result, result) && "the result is not the one that random gives";
  const right = draw
    ? "computed again from random, it is the same"
    : "computed from random; the receipt itself states none";
  return check("result", wrong, right, {
    random: toHex(receipt.random),
    recomputed: result.join(", "),
    ...(draw ? { stated: draw.result.join(", ") } : {}),
  });
}
