/** The files with the lists of a draw, which are asked for where the draw has hashes alone. */

import { MAX_DRAW_BYTES } from "../src/draw-document.js";
import { type Lists, readLines, readWeights } from "../src/draw-lists.js";
import { readLists } from "../src/verify-draw.js";
import { find } from "./dom.js";
import { Slot } from "./slot.js";

/** A list that is none. */
export class ListError extends Error {}

const slots = { participants: new Slot(), weights: new Slot() };
const IDS = ["participants", "weights"] as const;

/** Calls back when a list has been given. */
export function watchLists(changed: () => void): void {
  for (const id of IDS) {
    const input = find(id, HTMLInputElement);
    slots[id].changed = changed;
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      // One octet more than accepted is enough to be refused, however large the file is.
      if (file) void slots[id].read(file.slice(0, MAX_DRAW_BYTES + 1));
      else slots[id].put({ state: "nothing" });
    });
  }
}

/** Says whether a list is still read. */
export function readingLists(): boolean {
  return IDS.some((id) => slots[id].given.state === "reading");
}

/** Returns the lists that were given. @throws ListError where a file is none */
export function givenLists(): Lists {
  const [participants, weights] = [textOf("participants"), textOf("weights")];
  try {
    return readLists({
      participants: participants === null ? undefined : readLines(participants),
      weights: weights === null ? undefined : readWeights(weights),
    });
  } catch (error) {
    throw new ListError(error instanceof Error ? error.message : "");
  }
}

/** Forgets the lists: they belong to the document that was there before. */
export function forgetLists(): void {
  for (const id of IDS) {
    find(id, HTMLInputElement).value = "";
    slots[id].forget();
  }
  askForLists({ participants: false, weights: false });
}

/** Asks for the lists that a document names without having them. */
export function askForLists(lacks: Record<keyof Lists, boolean>): void {
  for (const id of IDS) find(`${id}-file`, HTMLElement).hidden = !lacks[id];
  find("lists", HTMLElement).hidden = !IDS.some((id) => lacks[id]);
}

function textOf(id: (typeof IDS)[number]): string | null {
  const { given } = slots[id];
  if (given.state === "unreadable") throw new ListError(`the file of ${id} could not be read`);
  if (given.state !== "there") return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(given.value);
  } catch {
    throw new ListError(`the file of ${id} is not UTF-8`);
  }
}
