/** Shows a draw: what came out, with names where the list is there, and what was to be drawn. */

import { toHex } from "../src/bytes.js";
import type { Kind } from "../src/draw-kind.js";
import { type DrawSpec, numbersOf } from "../src/draw-spec.js";
import type { CheckedDrawReport } from "../src/verify-draw.js";
import { make } from "./dom.js";

/** Values that are shown before somebody asks for all. */
const SHOWN = 100;

/** Shows the result. What does not verify is not shown as one. */
export function drawnOf({ failed, spec, result, names }: CheckedDrawReport): HTMLElement[] {
  if (failed || !spec || !result) return [];
  const values = result.map((value, at) => (names ? named(names[at] ?? "", value) : make("li", "", String(value))));
  const list = make("ol", `drawn${names ? " names" : ""}${values.length > SHOWN ? " many" : ""}`, ...values.slice(0, SHOWN));
  const head = make("h3", "", "What was drawn");
  return [head, make("p", "hint", sentenceOf(spec, names !== null)), list, ...rest(list, values)];
}

function named(name: string, position: number | string): HTMLElement {
  return make("li", "", make("bdi", "name", name), " ", make("span", "at", `position ${position}`));
}

function rest(list: HTMLElement, values: HTMLElement[]): HTMLElement[] {
  if (values.length <= SHOWN) return [];
  const all = make("button", "button quiet small", `Show all ${values.length}`) as HTMLButtonElement;
  all.type = "button";
  all.addEventListener("click", () => {
    list.append(...values.slice(SHOWN));
    list.tabIndex = -1;
    list.focus();
    all.remove();
  });
  return [all];
}

/** Says in words what was drawn. */
function sentenceOf({ kind, weightsSha256 }: DrawSpec, withNames: boolean): string {
  const counted = withNames ? "" : " Positions in the list, counted from 0.";
  switch (kind.kind) {
    case "integers": return `${kind.count} whole numbers from ${kind.min} to ${kind.max}${kind.unique ? ", each at most once" : ""}.`;
    case "shuffle": return `All ${kind.n} in a new order.${counted}`;
    case "winners": return `${kind.k} of ${kind.n}${weightsSha256 ? ", by weight" : ""}, the first prize first.${counted}`;
    case "dice": return `${kind.count} throws of a die with ${kind.sides} sides.`;
    case "cards": {
      const decks = kind.decks === 1 ? "a shuffled deck" : `${kind.decks} decks shuffled together`;
      return `${kind.count} cards from the top of ${decks}: rank, then S, H, D or C.`;
    }
    case "decimals": return `${kind.count} fractions of ${kind.digits} digits.`;
    case "uuids": return `${kind.count} random UUIDs.`;
  }
}

const TRIES = "Each try leaves an entry in the log.";
const OF_LABEL = `Was this label announced beforehand, with something in it that nobody could know then, such as a later \
block hash? Whoever may ask the node can try labels until one pleases. ${TRIES}`;
const OF_NONCE = `The node chose the nonce, and could have tried several until one pleased. ${TRIES}`;
const OF_LIST = "Of the list only its hash is known here: give the file with a line for each participant to see the names.";

/** What a person has to see to for the draw to be worth something. */
export function drawRemarks({ label, participantsSha256 }: DrawSpec, hasList: boolean): string[] {
  const seed = label === null ? OF_NONCE : OF_LABEL;
  return participantsSha256 && !hasList ? [seed, OF_LIST] : [seed];
}

/** What was to be drawn: all that alpha says. */
export function drawFacts(spec: DrawSpec): [string, string][] {
  const { kind, participantsSha256, weightsSha256, label, nonce } = spec;
  return [
    ["draw", `${kind.kind}: ${numbers(kind)}`],
    label === null ? ["nonce", `${toHex(nonce ?? new Uint8Array())}, chosen by the node`] : ["label", label],
    ...(participantsSha256 ? [["participants, SHA-256", toHex(participantsSha256)] as [string, string]] : []),
    ...(weightsSha256 ? [["weights, SHA-256", toHex(weightsSha256)] as [string, string]] : []),
  ];
}

function numbers(kind: Kind): string {
  return numbersOf(kind).map(([name, value]) => `${name} ${value}`).join(", ");
}
