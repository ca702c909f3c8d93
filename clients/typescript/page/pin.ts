/** The controls that say whom to trust. */

import { readPin, type Pin } from "../src/pin.js";
import { PinError } from "../src/errors.js";
import { MAX_KEYS_DOCUMENT_BYTES } from "../src/keys-document.js";
import { find } from "./dom.js";
import { keysOfSite, NotFetched, SERVED } from "./origin.js";
import { Slot } from "./slot.js";

/** What was pinned, and how to say it. */
export interface Chosen {
  pin: Pin | undefined;
  words: string;
}

const WORDS = {
  keyHash: "the key hash you gave",
  keys: "the keys in the file you gave",
  site:
    "the keys that this site serves now, so that it counts as far as you trust this site: compare the key hash with one that you got from elsewhere",
  signer:
    "the ECDSA address you gave, and by nothing else: the VRF key and the ML-DSA-65 key count only because that signature names them",
};

const keysFile = new Slot();
const siteKeys = new Slot();

/** Calls back at once when the choice changes, and when a keys file has been read. */
export function watchPin(changed: () => void): void {
  for (const radio of radios()) {
    radio.addEventListener("change", () => {
      showChosen();
      if (radio.value === "site") void siteKeys.read(keysOfSite());
      else changed();
    });
  }
  find("site-choice", HTMLElement).hidden = !SERVED;
  siteKeys.changed = changed;
  for (const id of ["keyHash", "signer"]) find(id, HTMLInputElement).addEventListener("input", changed);
  const keys = find("keys", HTMLInputElement);
  keysFile.changed = changed;
  keys.addEventListener("change", () => {
    const file = keys.files?.[0];
    // One octet more than accepted is enough to be refused, however large the file is.
    if (file) void keysFile.read(file.slice(0, MAX_KEYS_DOCUMENT_BYTES + 1));
    else keysFile.put({ state: "nothing" });
  });
  showChosen();
}

/** Chooses the keys that the site serves. */
export function trustSite(): void {
  find("site", HTMLInputElement).checked = true;
  showChosen();
  void siteKeys.read(keysOfSite());
}

/** Says whether the choice is keys that are still read. */
export function readingPin(): boolean {
  const slots: Record<string, Slot> = { keys: keysFile, site: siteKeys };
  return slots[chosenKind()]?.given.state === "reading";
}

/** Reads the choice. @throws PinError where it names nobody */
export function chosenPin(): Chosen {
  const kind = chosenKind();
  const pin = pinOf(kind);
  readPin(pin);
  return { pin, words: kind in WORDS ? WORDS[kind as keyof typeof WORDS] : "" };
}

/** Says at the controls what is wrong with the choice. */
export function showPinProblem(message: string | null): void {
  const problem = find("pin-problem", HTMLElement);
  problem.hidden = message === null;
  problem.textContent = message ?? "";
  const kind = chosenKind();
  for (const id of ["keyHash", "keys", "signer"]) {
    find(id, HTMLInputElement).setAttribute("aria-invalid", String(message !== null && id === kind));
  }
}

function pinOf(kind: string): Pin | undefined {
  switch (kind) {
    case "keyHash": return { keyHash: find("keyHash", HTMLInputElement).value.trim() };
    case "signer": return { signer: find("signer", HTMLInputElement).value.trim() };
    case "keys": return { keys: givenKeys() };
    case "site": return { keys: keysServed() };
    default: return undefined;
  }
}

function givenKeys(): Uint8Array {
  const { given } = keysFile;
  if (given.state === "there") return given.value;
  throw new PinError(given.state === "unreadable" ? "the keys file could not be read" : "choose the keys file");
}

function keysServed(): Uint8Array {
  const { given } = siteKeys;
  if (given.state === "there") return given.value;
  throw new PinError(given.state === "unreadable" && given.why instanceof NotFetched ? given.why.message : "the site sent no keys");
}

function showChosen(): void {
  const kind = chosenKind();
  for (const field of document.querySelectorAll<HTMLElement>("[data-pin]")) field.hidden = field.dataset["pin"] !== kind;
}

function chosenKind(): string {
  return radios().find((radio) => radio.checked)?.value ?? "none";
}

function radios(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>('input[name="pin"]')];
}
