/** The result of a draw, computed from the output of the VRF alone. */

import { bytesToHex } from "@noble/hashes/utils.js";

import { bigEndian, concat } from "./bytes.js";
import type { Kind } from "./draw-kind.js";
import { Stream } from "./draw-stream.js";

/** Numbers (of a shuffle or winners the positions, from 0) or texts. */
export type DrawResult = readonly number[] | readonly string[];

const RANKS = "A23456789TJQK";
const SUITS = "SHDC";

/** Makes the draw. `weights` are those of winners that are drawn by weight, one for each participant. */
export function makeResult(kind: Kind, random: Uint8Array, weights: readonly number[] | null): DrawResult {
  const stream = new Stream(random);
  const times = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);
  switch (kind.kind) {
    case "integers": return integers(kind, stream);
    case "shuffle": return stream.pick(kind.n, kind.n);
    case "winners": return weights ? byWeight(kind.k, weights, stream) : stream.pick(kind.k, kind.n);
    case "dice": return times(kind.count, () => 1 + stream.below(kind.sides));
    case "cards": return stream.pick(kind.count, RANKS.length * SUITS.length * kind.decks).map(card);
    case "decimals": {
      const { count, digits } = kind;
      return times(count, () => `0.${String(stream.below(10 ** digits)).padStart(digits, "0")}`);
    }
    case "uuids": return times(kind.count, () => uuid(stream));
  }
}

function integers({ count, min, max, unique }: Kind & { kind: "integers" }, stream: Stream): number[] {
  const size = max - min + 1;
  const drawn = unique ? stream.pick(count, size) : Array.from({ length: count }, () => stream.below(size));
  return drawn.map((number) => min + number);
}

/**
 * Draws tickets of a pile to which each owner has put as many as its weight; the owner of a drawn one takes
 * all of its own away. The piles are summed up in a Fenwick tree of the owners' numbers, from 1.
 */
function byWeight(count: number, weights: readonly number[], stream: Stream): number[] {
  const sums = [0, ...weights];
  let left = weights.reduce((sum, weight) => sum + weight, 0);
  const at = (index: number): number => sums[index] as number;
  for (let index = 1; index < sums.length; index += 1) {
    const above = index + (index & -index);
    if (above < sums.length) sums[above] = at(above) + at(index);
  }
  return Array.from({ length: count }, () => {
    let ticket = stream.below(left);
    let owner = 0;
    for (let step = 2 ** Math.floor(Math.log2(weights.length)); step >= 1; step /= 2) {
      if (owner + step < sums.length && at(owner + step) <= ticket) {
        owner += step;
        ticket -= at(owner);
      }
    }
    const weight = weights[owner] as number;
    left -= weight;
    for (let index = owner + 1; index < sums.length; index += index & -index) sums[index] = at(index) - weight;
    return owner;
  });
}

function card(number: number): string {
  const inDeck = number % (RANKS.length * SUITS.length);
  return RANKS.charAt(inDeck % RANKS.length) + SUITS.charAt(Math.floor(inDeck / RANKS.length));
}

function uuid(stream: Stream): string {
  const octets = concat(bigEndian(stream.word(), 8), bigEndian(stream.word(), 8));
  octets[6] = 0x40 | ((octets[6] as number) & 0x0f);
  octets[8] = 0x80 | ((octets[8] as number) & 0x3f);
  return bytesToHex(octets).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
