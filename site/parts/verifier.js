// The verifier, loaded on its first use, and the keys that it pins: those that this node gives now.
import { ask } from "./page.js";

let keys = null;

// The answer of /v1/keys, and when it came. It is asked for once.
export async function nodeKeys() {
  keys ??= { text: (await ask("/v1/keys")).text, at: Date.now() };
  return keys;
}

// Runs `verify` or `verifyDraw` on a document, and says how long that took here.
export async function checkHere(which, text) {
  const pin = { keys: (await nodeKeys()).text };
  const verifier = await import("../verify.js");
  // What was said before is to be seen first.
  await new Promise((resolve) => setTimeout(resolve, 0));
  const began = performance.now();
  const report = verifier[which](text, { pin });
  return { report, ms: Math.round(performance.now() - began) };
}
