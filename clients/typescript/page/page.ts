/** The page: takes a receipt and whom to trust, checks, shows. Nothing is sent or kept. */

import { PinError } from "../src/errors.js";
import { MAX_DOCUMENT_BYTES } from "../src/fields.js";
import type { Require } from "../src/checks.js";
import { verify } from "../src/verify.js";
import { find } from "./dom.js";
import { hint } from "./hint.js";
import { chosenPin, readingPin, showPinProblem, watchPin } from "./pin.js";
import { sentence, showNothing, showProblem, showReport } from "./render.js";
import { Slot } from "./slot.js";

const NOTHING_YET = "Nothing has been checked yet.";
const TYPING_RESTS_MS = 150;

// This may be a copy of the page that was saved with a result in it.
document.body.classList.remove("dragging");
reset(NOTHING_YET);

const text = find("text", HTMLTextAreaElement);
const file = find("file", HTMLInputElement);
const require = find("require", HTMLSelectElement);
const form = find("form", HTMLFormElement);

/** The bytes of a file, a text, or how many bytes there are where no receipt has so many. */
const receipt = new Slot<string | { bytes: number }>();
let waiting: ReturnType<typeof setTimeout> | undefined;

receipt.changed = checkSoon;
watchPin(checkSoon);
require.addEventListener("change", checkSoon);
text.addEventListener("input", () => takeText(text.value));
text.addEventListener("paste", (event) => {
  const pasted = event.clipboardData?.getData("text/plain") ?? "";
  // Laying out megabytes would freeze the page for a text that is refused anyway.
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
if (text.value) takeText(text.value);

/** Takes a file, and shows its text; one that is longer than any receipt is not read. */
async function takeFile(chosen: File): Promise<void> {
  text.value = "";
  if (chosen.size > MAX_DOCUMENT_BYTES) return receipt.put({ state: "there", value: { bytes: chosen.size } });
  const bytes = await receipt.read(chosen);
  if (bytes) text.value = decode(bytes);
}

function takeShown(shown: string): void {
  text.value = shown.length > MAX_DOCUMENT_BYTES ? "" : shown;
  takeText(shown);
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
  if (given.state === "reading" || readingPin()) return reset("Reading …");
  if (given.state === "there") return checkGiven(given.value);
  const message = "Choose a file that is there and may be read, not a folder.";
  showProblem("unreadable", "Not checked: the file could not be read", message);
}

function checkGiven(given: Uint8Array | string | { bytes: number }): void {
  if (typeof given === "object" && "bytes" in given) {
    const message = `The input has ${given.bytes} bytes; at most ${MAX_DOCUMENT_BYTES} are accepted.`;
    return showProblem("malformed", "Malformed: this is not a receipt", message);
  }
  try {
    const { pin, words } = chosenPin();
    const report = verify(given, { pin, require: require.value as Require });
    const shown = typeof given === "string" ? given : decode(given);
    showReport(report, words, report.verdict === "malformed" && shown.length <= MAX_DOCUMENT_BYTES ? hint(shown) : null);
  } catch (error) {
    if (!(error instanceof PinError)) return showProblem("malformed", "This page failed", String(error));
    showPinProblem(sentence(error.message));
    showProblem("unpinnable", "Not checked: whom you trust is unclear", sentence(error.message));
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
