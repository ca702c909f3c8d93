/** The stream of numbers that a draw is made of, unbiased by rejection. */

import { sha256 } from "@noble/hashes/sha2.js";

import { ascii, bigEndian, concat } from "./bytes.js";

const DOMAIN = ascii("r4-draw/v1/stream\0");
const WORDS = 2n ** 64n;
const WORD_BYTES = 8;

/** The numbers of one output of the VRF, in their order. */
export class Stream {
  #block = new DataView(new ArrayBuffer(0));
  #at = 0;
  #next = 0n;

  constructor(private readonly random: Uint8Array) {}

  /** Takes the next 64 bits. */
  word(): bigint {
    if (this.#at === this.#block.byteLength) {
      const octets = sha256(concat(DOMAIN, this.random, bigEndian(this.#next, WORD_BYTES)));
      this.#block = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
      this.#next += 1n;
      this.#at = 0;
    }
    const word = this.#block.getBigUint64(this.#at);
    this.#at += WORD_BYTES;
    return word;
  }

  /**
   * Draws a number below `bound`, at most 2^53, each as likely as the others. Words past the last
   * multiple of `bound` are rejected: they would favour small numbers.
   */
  below(bound: number): number {
    const size = BigInt(bound);
    const limit = WORDS - (WORDS % size);
    for (;;) {
      const word = this.word();
      if (word < limit) return Number(word % size);
    }
  }

  /**
   * Draws `count` different numbers below `size`, in the order in which they come: the beginning of a
   * Fisher–Yates shuffle, of which only the places that were swapped are kept.
   */
  pick(count: number, size: number): number[] {
    const moved = new Map<number, number>();
    return Array.from({ length: count }, (_, i) => {
      const j = i + this.below(size - i);
      const picked = moved.get(j) ?? j;
      moved.set(j, moved.get(i) ?? i);
      return picked;
    });
  }
}
