/**
 * JSON as it stands in the text (RFC 8259). `JSON.parse` will not do: it keeps the last of repeated
 * fields and says nothing of the others, and it rounds large numbers.
 */

import { MalformedError } from "./errors.js";

/** A value. A number is a bigint where it is whole and has 64 bits; no field has any other. */
export type Value = string | boolean | null | bigint | typeof OTHER_NUMBER | Value[] | Entries;

/** A number of more than 64 bits, one with a fraction or an exponent, or -0. */
export const OTHER_NUMBER = Symbol("other number");

/** The fields of an object in their order, repeated ones included. */
export class Entries {
  constructor(readonly list: [name: string, value: Value][]) {}
}

/** Parses a text that is one JSON value. */
export function parseJson(text: string): Value {
  const scanner = new Scanner(text);
  const value = scanner.value(1);
  scanner.end();
  return value;
}

const MAX_DEPTH = 127;
const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 64n - 1n;
const WORDS: [string, Value][] = [["true", true], ["false", false], ["null", null]];
const ESCAPES: Record<string, string> = {
  '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t",
};

class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): Value {
    this.match(/[ \t\n\r]*/y);
    switch (this.text[this.at]) {
      case "{": return this.object(depth);
      case "[": return this.list(depth);
      case '"': return this.string();
    }
    const number = this.match(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y);
    if (number) return this.number(number);
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    throw this.error("expected a value");
  }

  end(): void {
    this.match(/[ \t\n\r]*/y);
    if (this.at < this.text.length) throw this.error("trailing characters");
  }

  private object(depth: number): Entries {
    const entries: [string, Value][] = [];
    this.items("}", depth, () => {
      if (this.text[this.at] !== '"') throw this.error("expected a field's name");
      const name = this.string();
      if (!this.take(":")) throw this.error("expected a colon");
      entries.push([name, this.value(depth + 1)]);
    });
    return new Entries(entries);
  }

  private list(depth: number): Value[] {
    const values: Value[] = [];
    this.items("]", depth, () => values.push(this.value(depth + 1)));
    return values;
  }

  private items(close: string, depth: number, item: () => void): void {
    if (depth > MAX_DEPTH) throw this.error("recursion limit exceeded");
    this.at += 1;
    if (this.take(close)) return;
    do {
      this.match(/[ \t\n\r]*/y);
      item();
    } while (this.take(","));
    if (!this.take(close)) throw this.error(`expected a comma or ${close}`);
  }

  private string(): string {
    this.at += 1;
    let text = "";
    for (;;) {
      text += this.match(/[^"\\\u0000-\u001f]*/y);
      if (this.take('"', false)) return text;
      if (!this.take("\\", false)) throw this.error("a string is not closed, or has a control character");
      text += this.escape();
    }
  }

  private escape(): string {
    const simple = ESCAPES[this.text[this.at] ?? ""];
    if (simple !== undefined) {
      this.at += 1;
      return simple;
    }
    const unit = this.match(/u[0-9a-fA-F]{4}/y);
    const high = /^u[dD][89abAB]/.test(unit);
    const low = high ? this.match(/\\u[dD][c-fC-F][0-9a-fA-F]{2}/y) : "";
    if (!unit || (high && !low) || /^u[dD][c-fC-F]/.test(unit)) throw this.error("invalid escape");
    return String.fromCharCode(...`${unit}${low.slice(1)}`.slice(1).split("u").map((digits) => parseInt(digits, 16)));
  }

  private number(text: string): Value {
    if (!Number.isFinite(Number(text))) throw this.error("number out of range");
    if (!/^-?[0-9]{1,20}$/.test(text) || text === "-0") return OTHER_NUMBER;
    const integer = BigInt(text);
    return integer < MIN_INTEGER || integer > MAX_INTEGER ? OTHER_NUMBER : integer;
  }

  private take(character: string, afterSpace = true): boolean {
    if (afterSpace) this.match(/[ \t\n\r]*/y);
    const found = this.text[this.at] === character;
    if (found) this.at += 1;
    return found;
  }

  /** Reads what a sticky expression matches here, which may be nothing. */
  private match(expression: RegExp): string {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  private error(what: string): MalformedError {
    const lines = this.text.slice(0, this.at).split("\n");
    const column = (lines.at(-1)?.length ?? 0) + 1;
    return new MalformedError(`the input is not valid JSON: ${what} at line ${lines.length} column ${column}`);
  }
}
