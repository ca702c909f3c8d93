/** What can be drawn: the kinds with their numbers, and the bounds of these. */

import { Refusal } from "./refusal.js";

/** A kind of draw with its numbers. */
export type Kind =
  /** Whole numbers from `min` to `max`, both included; each at most once if `unique`. */
  | { kind: "integers"; count: number; min: number; max: number; unique: boolean }
  /** An order of `n` entries. */
  | { kind: "shuffle"; n: number }
  /** The first, second, …, `k`-th of `n` entries. */
  | { kind: "winners"; n: number; k: number }
  /** Throws of dice. */
  | { kind: "dice"; count: number; sides: number }
  /** The top cards of decks of 52 that were shuffled together. */
  | { kind: "cards"; count: number; decks: number }
  /** Fractions from 0 to below 1. */
  | { kind: "decimals"; count: number; digits: number }
  /** Random UUIDs (RFC 9562, version 4). */
  | { kind: "uuids"; count: number };

export type KindName = Kind["kind"];
/** The numbers of a kind by name; `unique` is true or false. */
export type Numbers = Record<string, number | boolean | undefined>;

/** The numbers of each kind, in the order of alpha. */
export const NUMBERS: Record<KindName, readonly string[]> = {
  integers: ["count", "min", "max", "unique"],
  shuffle: ["n"],
  winners: ["n", "k"],
  dice: ["count", "sides"],
  cards: ["count", "decks"],
  decimals: ["count", "digits"],
  uuids: ["count"],
};

/** Values of one draw, and entries of one list. */
export const MAX_COUNT = 10_000;

const CARDS_IN_A_DECK = 52;
const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/** Says whether a text is the name of a kind. */
export function isKindName(name: string): name is KindName {
  return Object.hasOwn(NUMBERS, name);
}

/** Returns how many entries a kind draws from, where it draws from a list. */
export function entriesOf(kind: Kind): number | null {
  return kind.kind === "shuffle" || kind.kind === "winners" ? kind.n : null;
}

/** Makes a kind of its numbers, or refuses what cannot be drawn. */
export function makeKind(kind: KindName, numbers: Numbers): Kind {
  const within = (name: string, low: number, high: number): number => {
    const value = numbers[name];
    if (typeof value === "number" && Number.isInteger(value) && low <= value && value <= high) return value;
    throw new Refusal(`${name} must be a whole number from ${low} to ${high}`);
  };
  switch (kind) {
    case "integers": return makeIntegers(numbers, within);
    case "shuffle": return { kind, n: within("n", 1, MAX_COUNT) };
    case "winners": {
      const n = within("n", 1, MAX_COUNT);
      return { kind, n, k: within("k", 1, n) };
    }
    case "dice": return { kind, count: within("count", 1, MAX_COUNT), sides: within("sides", 2, 1000) };
    case "cards": {
      const decks = within("decks", 1, 8);
      return { kind, count: within("count", 1, CARDS_IN_A_DECK * decks), decks };
    }
    case "decimals": return { kind, count: within("count", 1, MAX_COUNT), digits: within("digits", 1, 15) };
    case "uuids": return { kind, count: within("count", 1, MAX_COUNT) };
  }
}

function makeIntegers({ unique }: Numbers, within: (name: string, low: number, high: number) => number): Kind {
  if (typeof unique !== "boolean") throw new Refusal("unique must be true or false");
  const min = within("min", -MAX_SAFE, MAX_SAFE);
  const max = within("max", min, Math.min(MAX_SAFE, min + MAX_SAFE));
  return { kind: "integers", count: within("count", 1, unique ? Math.min(MAX_COUNT, max - min + 1) : MAX_COUNT), min, max, unique };
}
