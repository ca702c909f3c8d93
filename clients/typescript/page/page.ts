/**
 * The page: takes a receipt or a draw and whom to trust, checks, shows. Nothing is kept, and nothing is asked for but
 * what the address names, at the site that serves the page.
 */

import type { Require } from "../src/checks.js";
import { MAX_DRAW_BYTES } from "../src/draw-document.js";
import { PinError } from "../src/errors.js";
import { MAX_DOCUMENT_BYTES } from "../src/fields.js";
import { find } from "./dom.js";
import { hint } from "./hint.js";
import { judge } from "./judge.js";
import { askForLists, forgetLists, givenLists, ListError, readingLists, watchLists } from "./lists.js";
import { chosenPin, readingPin, showPinProblem, trustSite, watchPin } from "./pin.js";
import { sentence, showNothing, showProblem, showReport } from "./render.js";
import { asked, NotFetched, SERVED } from "./origin.js";
import { Slot } from "./slot.js";

const NOTHING_YET = "Nothing has been checked yet.";
const TYPING_RESTS_MS = 150;

// This may be a copy of the page that was saved with a result in it.
document.body.classList.remove("dragging");
forgetLists();
reset(NOTHING_YET);

const text = find("text", HTMLTextAreaElement);
const file = find("file", HTMLInputElement);
const require = find("require", HTMLSelectElement);
const form = find("form", HTMLFormElement);

/** The bytes of a file, a text, or how many bytes there are where no receipt has so many. */
const receipt = new Slot<string | { bytes: number }>();
let waiting: ReturnType<typeof setTimeout> | undefined;

receipt.changed = () => {
  forgetLists();
  checkSoon();
};
watchPin(checkSoon);
watchLists(checkSoon);
require.addEventListener("change", checkSoon);
text.addEventListener("input", () => takeText(text.value));
text.addEventListener("paste", (event) => {
  const pasted = event.clipboardData?.getData("text/plain") ?? "";
  // Laying out megabytes would freeze the page.
  if (pasted.length > MAX_DOCUMENT_BYTES) {
    event.preventDefault();
    takeShown(pasted);
  }
});
file.addEventListener("change", () => {
  const chosen = file.files?.[0];
  if (chosen) void takeFile(chosen);
  else takeShown("");
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  check();
  find("verdict", HTMLElement).focus();
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) document.body.classList.remove("dragging");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  const [dropped] = event.dataTransfer?.files ?? [];
  file.value = "";
  if (dropped) void takeFile(dropped);
  else takeShown(event.dataTransfer?.getData("text/plain") ?? "");
});
window.addEventListener("hashchange", () => void takeAsked());
if (text.value) takeText(text.value);
void takeAsked();

/** Takes what the address asks for, with the site's own keys. */
async function takeAsked(): Promise<void> {
  const named = asked();
  if (!named) return;
  text.value = file.value = "";
  find("result", HTMLElement).scrollIntoView();
  if (SERVED) trustSite();
  const bytes = await receipt.read(named);
  if (bytes) showText(decode(bytes));
}

/** Takes a file, and shows its text; one that is longer than any draw is not read. */
async function takeFile(chosen: File): Promise<void> {
  text.value = "";
  if (chosen.size > MAX_DRAW_BYTES) return receipt.put({ state: "there", value: { bytes: chosen.size } });
  const bytes = await receipt.read(chosen);
  if (bytes) showText(decode(bytes));
}

function takeShown(shown: string): void {
  showText(shown);
  takeText(shown);
}

/** Shows a text, unless it is so long that laying it out would freeze the page. */
function showText(shown: string): void {
  text.value = shown.length > MAX_DOCUMENT_BYTES ? "" : shown;
}

function takeText(value: string): void {
  file.value = "";
  receipt.put(value === "" ? { state: "nothing" } : { state: "there", value });
}

/** Removes what is shown of older inputs, and checks after a while: a text may still be typed. */
function checkSoon(): void {
  const { given } = receipt;
  reset("Checking …");
  clearTimeout(waiting);
  waiting = setTimeout(check, given.state === "there" && typeof given.value === "string" ? TYPING_RESTS_MS : 0);
}

function reset(words: string): void {
  showPinProblem(null);
  showNothing(words);
}

function check(): void {
  clearTimeout(waiting);
  const { given } = receipt;
  if (given.state === "nothing") return reset(NOTHING_YET);
  if (given.state === "reading" || readingPin() || readingLists()) return reset("Reading …");
  if (given.state === "there") return checkGiven(given.value);
  if (given.why instanceof NotFetched) return showProblem("unreadable", "Not checked: it was not fetched", sentence(given.why.message));
  const message = "Choose a file that is there and may be read, not a folder.";
  showProblem("unreadable", "Not checked: the file could not be read", message);
}

function checkGiven(given: Uint8Array | string | { bytes: number }): void {
  if (typeof given === "object" && "bytes" in given) {
    const message = `The input has ${given.bytes} bytes; at most ${MAX_DRAW_BYTES} are accepted.`;
    return showProblem("malformed", "Malformed: this is not a receipt", message);
  }
  try {
    const { pin, words } = chosenPin();
    const { report, lacks } = judge(given, { pin, require: require.value as Require }, givenLists());
    askForLists(lacks);
    const shown = typeof given === "string" ? given : decode(given);
    showReport(report, words, report.verdict === "malformed" && shown.length <= MAX_DOCUMENT_BYTES ? hint(shown) : null);
  } catch (error) {
    if (error instanceof ListError) return showProblem("unreadable", "Not checked: a list cannot be read", sentence(error.message));
    if (!(error instanceof PinError)) return showProblem("malformed", "This page failed", String(error));
    showPinProblem(sentence(error.message));
    showProblem("unpinnable", "Not checked: whom you trust is unclear", sentence(error.message));
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
