/** The running node that tests are made against: R4_TEST_URL, with the key R4_TEST_API_KEY. */

import { test } from "node:test";

const url = process.env["R4_TEST_URL"];

export const baseUrl = url ?? "";
export const apiKey = process.env["R4_TEST_API_KEY"] ?? "demo";

/** A test that needs the node: skipped without one, except in CI, where it fails. */
export function liveTest(name: string, body: () => Promise<void>): void {
  needs(name, url ? null : "R4_TEST_URL is not set", body);
}

/** A test that needs something: without it skipped, except in CI, where it fails. */
export function needs(name: string, missing: string | null, body: () => Promise<void>): void {
  const skips = missing !== null && !inCi(process.env["CI"]);
  void test(name, { skip: skips ? `skipped: ${missing}` : false }, async () => {
    if (missing !== null) throw new Error(missing);
    await body();
  });
}

/** Says whether the variable `CI` has a value that means CI. */
export function inCi(value: string | undefined): boolean {
  return !["", "0", "false"].includes(value?.trim() ?? "");
}
