/** The page with receipts fresh from the running node: valid with each pin, and each field tampered. */

import assert from "node:assert/strict";
import { after, before } from "node:test";

import type { BrowserContext } from "playwright-core";

import { Re4ctor } from "../src/index.js";
import { launch, missing, open } from "./browser.js";
import { apiKey, baseUrl, liveTest } from "./live.js";
import { judge, pin } from "./page.js";
import { tamper } from "./tamper.js";

let browser: { context: BrowserContext; close: () => Promise<void> } | undefined;
before(async () => void (browser = missing || !baseUrl ? undefined : await launch()));
after(() => browser?.close());

const client = () => new Re4ctor({ baseUrl, apiKey, retries: 10 });

/** What a person who trusts the node would pin. */
async function trustedNow() {
  const { json } = await client().keys();
  const keys = JSON.parse(json) as { active: string; epochs: { key_hash: string; keys: { address?: string }[] }[] };
  const epoch = keys.epochs.find((one) => one.key_hash === keys.active);
  return { key_hash: keys.active, signer: epoch?.keys[1]?.address ?? "", keys };
}

for (const sig of ["dual", "ecdsa", "mldsa65"] as const) {
  liveTest(`a fresh receipt, ${sig}`, async () => {
    const { page, misdeeds } = await open((browser as { context: BrowserContext }).context);
    const trusted = await trustedNow();
    const { json } = await client().vrf({ sig, alpha: "0x68656c6c6f" });
    assert.equal((await judge(page, Buffer.from(json))).verdict, "self-consistent");
    await page.selectOption("#require", sig);
    for (const kind of ["signer", "keys", "key_hash"] as const) {
      await pin(page, kind, trusted);
      const { verdict } = await judge(page, Buffer.from(json));
      assert.equal(verdict, kind === "signer" && sig === "mldsa65" ? "failed" : "valid", kind);
      const outcome = await page.getAttribute('[data-check="checkpoint"]', "data-outcome");
      assert.equal(outcome, kind === "keys" ? "passed" : "not checked", kind);
    }
    for (const one of tamper(json)) {
      const { verdict, title } = await judge(page, Buffer.from(one.json));
      const named = verdict === "failed" ? `Failed: ${one.names}` : `Malformed: ${one.names}`;
      assert.deepEqual({ verdict, title }, { verdict: one.verdict, title: named }, one.path);
    }
    assert.deepEqual(misdeeds, []);
    await page.close();
  });
}

liveTest("fresh attested bytes", async () => {
  const { page, misdeeds } = await open((browser as { context: BrowserContext }).context);
  const { json } = await client().randomDual(32);
  await pin(page, "keys", await trustedNow());
  assert.equal((await judge(page, Buffer.from(json))).verdict, "valid");
  await page.getByText("Signed, but not unique").waitFor();
  assert.deepEqual(misdeeds, []);
  await page.close();
});
