/** What is drawn, exactly, and the input of the VRF that says so: each is made of the other. */

import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

import { ascii, equal } from "./bytes.js";
import { isKindName, type Kind, makeKind, NUMBERS, type Numbers } from "./draw-kind.js";
import { Refusal } from "./refusal.js";

/** What is drawn: the input of the VRF is this and nothing else. It has either a label or a nonce. */
export interface DrawSpec {
  kind: Kind;
  /** The hash of the list that is drawn from, for a shuffle or winners. */
  participantsSha256: Uint8Array | null;
  /** The hash of the weights, for winners that are drawn by weight. */
  weightsSha256: Uint8Array | null;
  /** The text that was announced beforehand. */
  label: string | null;
  /** Without a label, 16 bytes that the node chose. */
  nonce: Uint8Array | null;
}

export const NONCE_BYTES = 16;

const VERSION = "r4-draw/v1";
const HASH_BYTES = 32;

/** Says whether an input of the VRF means to be a draw. */
export function isDrawAlpha(alpha: Uint8Array): boolean {
  const first = ascii(`${VERSION}\n`);
  return equal(alpha.subarray(0, first.length), first);
}

/** Returns the numbers of a kind, in the order of alpha. */
export function numbersOf(kind: Kind): [name: string, value: number | boolean][] {
  const values = kind as unknown as Record<string, number | boolean>;
  return NUMBERS[kind.kind].map((name) => [name, values[name] as number | boolean]);
}

/** Says whether a text may be a label. */
export function isLabel(label: string): boolean {
  return /^(?! )[ -~]{1,128}$/.test(label) && !label.endsWith(" ");
}

/** Puts a draw together, or refuses what does not belong together. */
export function makeSpec(spec: DrawSpec): DrawSpec {
  const { kind, participantsSha256, weightsSha256, label, nonce } = spec;
  if (participantsSha256 && kind.kind !== "shuffle" && kind.kind !== "winners") {
    throw new Refusal("only a shuffle and winners have participants");
  }
  if (weightsSha256 && kind.kind !== "winners") throw new Refusal("only winners have weights");
  for (const hash of [participantsSha256, weightsSha256]) {
    if (hash && hash.length !== HASH_BYTES) throw new Refusal("a list's hash has 32 bytes");
  }
  if ((label === null) === (nonce === null)) throw new Refusal("a draw has either a label or a nonce");
  if (label !== null && !isLabel(label)) {
    throw new Refusal("label must be 1 to 128 printable ASCII characters, without a space at either end");
  }
  if (nonce && nonce.length !== NONCE_BYTES) throw new Refusal("a nonce has 16 bytes");
  return spec;
}

/** Writes the input of the VRF as text. */
export function alphaText({ kind, participantsSha256, weightsSha256, label, nonce }: DrawSpec): string {
  const lines = [VERSION, `kind=${kind.kind}`, ...numbersOf(kind).map(([name, value]) => `${name}=${value}`)];
  if (participantsSha256) lines.push(`participants=${bytesToHex(participantsSha256)}`);
  if (weightsSha256) lines.push(`weights=${bytesToHex(weightsSha256)}`);
  lines.push(nonce ? `nonce=${bytesToHex(nonce)}` : `label=${label}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** Reads an input of the VRF, or refuses what is no draw: each draw has one form. */
export function readAlpha(alpha: Uint8Array): DrawSpec {
  const text = String.fromCharCode(...alpha);
  const lines = text.split("\n").map((line) => /^([a-z]+)=(.*)$/s.exec(line)?.slice(1) ?? []);
  const members = new Map(lines as [string, string][]);
  const name = members.get("kind") ?? "";
  if (!isDrawAlpha(alpha)) throw new Refusal(`it does not begin with ${VERSION}`);
  if (!isKindName(name)) throw new Refusal("it is of no known kind");
  const numbers: Numbers = Object.fromEntries(NUMBERS[name].map((field) => [field, readNumber(members.get(field))]));
  const spec = makeSpec({
    kind: makeKind(name, numbers),
    participantsSha256: readHex(members.get("participants")),
    weightsSha256: readHex(members.get("weights")),
    label: members.get("label") ?? null,
    nonce: readHex(members.get("nonce")),
  });
  if (alphaText(spec) !== text) throw new Refusal("it is not in the one form that a draw has");
  return spec;
}

/** Reads more forms than the one; the caller compares. */
function readNumber(text: string | undefined): number | boolean | undefined {
  if (text === "true" || text === "false") return text === "true";
  return text === undefined ? undefined : Number(text);
}

function readHex(text: string | undefined): Uint8Array | null {
  if (text === undefined) return null;
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new Refusal("a hash or a nonce is lower-case hexadecimal digits");
  return hexToBytes(text);
}
