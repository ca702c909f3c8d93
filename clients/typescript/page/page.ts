/** The page: takes a receipt and whom to trust, checks, shows. Nothing is sent or kept. */

import { PinError } from "../src/errors.js";
import { MAX_DOCUMENT_BYTES } from "../src/fields.js";
import type { Require } from "../src/checks.js";
import { verify } from "../src/verify.js";
import { find } from "./dom.js";
import { hint } from "./hint.js";
import { chosenPin, showPinProblem, watchPin } from "./pin.js";
import { sentence, showNothing, showProblem, showReport } from "./render.js";

/** What was given: octets of a file, a text, or more than any receipt has. */
type Given = Uint8Array | string | { bytes: number };

const TYPING_RESTS_MS = 150;

const text = find("text", HTMLTextAreaElement);
const file = find("file", HTMLInputElement);
const require = find("require", HTMLSelectElement);
const form = find("form", HTMLFormElement);

let given: Given = "";
let reading = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;

watchPin(check);
require.addEventListener("change", check);
text.addEventListener("input", () => {
  file.value = "";
  take(text.value, TYPING_RESTS_MS);
});
text.addEventListener("paste", (event) => {
  const pasted = event.clipboardData?.getData("text/plain") ?? "";
  // Laying out megabytes would freeze the page for a text that is refused anyway.
  if (pasted.length > MAX_DOCUMENT_BYTES) {
    event.preventDefault();
    text.value = "";
    take(pasted);
  }
});
file.addEventListener("change", () => void takeFile(file.files?.[0]));
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
if (text.value) take(text.value);

/** Reads a file, unless it is longer than any receipt. A later one wins over one that is still read. */
async function takeFile(chosen: File | undefined): Promise<void> {
  const mine = (reading += 1);
  showNothing("Reading …");
  if (!chosen) return takeShown("");
  if (chosen.size > MAX_DOCUMENT_BYTES) {
    text.value = "";
    return take({ bytes: chosen.size });
  }
  const bytes = new Uint8Array(await chosen.arrayBuffer());
  if (mine !== reading) return;
  text.value = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  take(bytes);
}

function takeShown(shown: string): void {
  text.value = shown.length > MAX_DOCUMENT_BYTES ? "" : shown;
  take(shown);
}

/** Forgets the old result at once, and checks after a while. */
function take(next: Given, milliseconds = 0): void {
  given = next;
  showNothing("Checking …");
  clearTimeout(waiting);
  waiting = setTimeout(check, milliseconds);
}

function check(): void {
  clearTimeout(waiting);
  showPinProblem(null);
  if (given === "") return showNothing("Nothing has been checked yet.");
  if (typeof given === "object" && "bytes" in given) {
    const message = `The input has ${given.bytes} bytes; at most ${MAX_DOCUMENT_BYTES} are accepted.`;
    return showProblem("malformed", "Malformed: this is not a receipt", message);
  }
  try {
    const { pin, words } = chosenPin();
    const report = verify(given, { pin, require: require.value as Require });
    const shown = typeof given === "string" ? given : text.value;
    showReport(report, words, report.verdict === "malformed" && shown.length <= MAX_DOCUMENT_BYTES ? hint(shown) : null);
  } catch (error) {
    if (!(error instanceof PinError)) return showProblem("malformed", "This page failed", String(error));
    showPinProblem(sentence(error.message));
    showProblem("unpinnable", "Not checked: whom you trust is unclear", sentence(error.message));
  }
}
