/** Orders of draws, and what an answer to one must say. */

import { equal, fromHex, toHex } from "./bytes.js";
import { entriesOf, isKindName, type Kind, makeKind, type Numbers } from "./draw-kind.js";
import { hashParticipants, hashWeights } from "./draw-lists.js";
import { type DrawSpec, makeSpec, NONCE_BYTES, numbersOf } from "./draw-spec.js";
import { attempt, Refusal } from "./refusal.js";

/** What to draw. */
export type DrawOrder = (
  | { kind: "integers"; count: number; min: number; max: number; unique?: boolean }
  | ({ kind: "shuffle" } & DrawnFrom)
  | ({ kind: "winners"; k: number; weights?: readonly number[] } & DrawnFrom)
  | { kind: "dice"; count: number; sides?: number }
  | { kind: "cards"; count: number; decks?: number }
  | { kind: "decimals"; count: number; digits?: number }
  | { kind: "uuids"; count: number }
) & {
  /** What the draw is for, 1 to 128 printable ASCII characters. Without it the node chooses a nonce. */
  label?: string;
};

/** What is drawn from: a list, which becomes public, its hash, or a number of entries. */
export interface DrawnFrom {
  /** How many entries there are; may be left out beside `participants`. */
  n?: number;
  participants?: readonly string[];
  /** The hash of the list: 32 octets, or 0x and hexadecimal digits. */
  participantsSha256?: Uint8Array | `0x${string}`;
}

const DEFAULTS: Numbers = { unique: false, sides: 6, decks: 1, digits: 6 };

/** Writes the body of an order, and what the draw must be; its nonce is the node's. */
export function drawRequest(order: DrawOrder): { body: Record<string, unknown>; expected: DrawSpec } {
  const read = attempt(() => readOrder(order));
  if (read instanceof Refusal) throw new TypeError(read.message);
  const { kind, participantsSha256, label } = read;
  const { participants, weights } = listsOf(order);
  const body: Record<string, unknown> = { kind: kind.kind, ...Object.fromEntries(numbersOf(kind)) };
  if (participants) body["participants"] = participants;
  else if (participantsSha256) body["participants_sha256"] = toHex(participantsSha256);
  if (weights) body["weights"] = weights;
  if (label !== null) body["label"] = label;
  return { body, expected: read };
}

/** Says what differs between a draw and the one that was ordered. */
export function otherDraw(spec: DrawSpec, ordered: DrawSpec): string | null {
  const same = (one: Uint8Array | null, other: Uint8Array | null) => (one && other ? equal(one, other) : one === other);
  if (spec.kind.kind !== ordered.kind.kind) return "it is another kind of draw";
  if (String(numbersOf(spec.kind)) !== String(numbersOf(ordered.kind))) return "it has other numbers";
  if (!same(spec.participantsSha256, ordered.participantsSha256)) return "it is drawn from another list";
  if (!same(spec.weightsSha256, ordered.weightsSha256)) return "it has other weights";
  return spec.label === ordered.label ? null : "it has another label";
}

function readOrder(order: DrawOrder): DrawSpec {
  const { participants, participantsSha256, weights } = listsOf(order);
  if (participants && participantsSha256) throw new Refusal("only one of participants and participantsSha256 can be given");
  const n = participants ? { n: participants.length } : {};
  const kind = kindOf({ ...DEFAULTS, ...n, ...order });
  for (const list of [participants, weights]) {
    if (list && list.length !== entriesOf(kind)) throw new Refusal(`the list has ${list.length} entries, the draw ${entriesOf(kind)}`);
  }
  const label = order.label ?? null;
  return makeSpec({
    kind,
    participantsSha256: participants ? hashParticipants(participants) : readHash(participantsSha256),
    weightsSha256: weights ? hashWeights(weights) : null,
    label,
    nonce: label === null ? new Uint8Array(NONCE_BYTES) : null,
  });
}

function kindOf(order: DrawOrder & Record<string, unknown>): Kind {
  const name = String(order.kind);
  if (!isKindName(name)) throw new Refusal("kind must be a kind of draw");
  return makeKind(name, order as unknown as Numbers);
}

function listsOf(order: DrawOrder): DrawnFrom & { weights?: readonly number[] } {
  return order as DrawnFrom & { weights?: readonly number[] };
}

function readHash(hash: Uint8Array | string | undefined): Uint8Array | null {
  if (hash === undefined) return null;
  const bytes = typeof hash === "string" ? fromHex(hash, 32) : hash;
  if (!bytes) throw new Refusal("participantsSha256 must be 0x and 64 lower-case hexadecimal digits");
  return bytes;
}
