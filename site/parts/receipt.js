// A live receipt: asked for with the visitor's input, and checked by the verifier in this browser.
import { all, ask, byId, facts, make, sentence, working } from "./page.js";
import { checkHere, nodeKeys } from "./verifier.js";

const MAX_ALPHA_BYTES = 64;
const TICK_MS = 55;
const MARKS = { passed: "✓", failed: "✗", "not checked": "–" };
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// The receipt's text as it came, what came for each input before, and which check was begun last.
const state = { text: null, earlier: new Map(), run: 0 };

export function startReceipt() {
  byId("alpha").addEventListener("input", showBytes);
  byId("receipt-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void working(byId("receipt-ask"), getReceipt);
  });
  byId("tamper-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void tamper();
  });
  byId("untamper").addEventListener("click", () => {
    // The button is about to be hidden; the focus goes to its neighbour.
    byId("tamper").focus();
    void check(state.text);
  });
  byId("receipt-save").addEventListener("click", save);
  showBytes();
}

function alpha() {
  const bytes = new TextEncoder().encode(byId("alpha").value);
  return { size: bytes.length, hex: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

function showBytes() {
  const { size, hex } = alpha();
  const wrong = size === 0 || size > MAX_ALPHA_BYTES;
  byId("alpha").setAttribute("aria-invalid", String(wrong));
  byId("alpha-bytes").replaceChildren(
    make("span", wrong ? "down" : "", `${size} of ${MAX_ALPHA_BYTES} bytes`),
    ...(wrong ? [] : [", ", make("code", "", `0x${hex}`)]),
  );
}

async function getReceipt() {
  const { size, hex } = alpha();
  if (size === 0 || size > MAX_ALPHA_BYTES) {
    byId("alpha").focus();
    return say("", `The input must have 1 to ${MAX_ALPHA_BYTES} bytes.`);
  }
  say("", "Asking the node …");
  try {
    await nodeKeys();
    const { text } = await ask(`/v1/demo/vrf?alpha=${hex}`);
    state.text = text;
    showFacts(JSON.parse(text), hex);
    byId("receipt-raw").hidden = false;
    byId("receipt-text").textContent = JSON.stringify(JSON.parse(text), null, 2);
    await check(text);
  } catch (problem) {
    say("", "status" in problem ? sentence(problem) : "The answer could not be read.");
  }
}

function showFacts(receipt, hex) {
  const { log } = receipt;
  byId("receipt-facts").replaceChildren(...facts([
    ["random", receipt.random],
    ["alpha", receipt.alpha],
    ["index", `${receipt.index}, ${receipt.timestamp}`],
    ["key_hash", receipt.key_hash],
    ["log", log ? `${log.origin}, index ${log.index} of ${log.tree_size} entries` : "none"],
  ]));
  byId("tamper-form").hidden = byId("receipt-actions").hidden = false;
  const earlier = state.earlier.get(hex);
  byId("receipt-again").hidden = earlier === undefined;
  byId("receipt-again").textContent = earlier === receipt.random
    ? "The same random as before: there is only one for this key and input. Index, time and signatures are new."
    : "Another random than before for the same input: the node’s key has changed.";
  state.earlier.set(hex, receipt.random);
}

// --- checking -------------------------------------------------------------------------------------
async function check(text) {
  const run = ++state.run;
  byId("untamper").hidden = text === state.text;
  pending();
  bringIntoView(byId("checks-panel"));
  say("", "Checking in your browser …");
  const { report, ms } = await checkHere("verify", text);
  for (const [at, one] of report.checks.entries()) {
    if (!calm.matches) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    if (run !== state.run) return;
    tick(one, at);
  }
  verdict(report, ms, Math.round((Date.now() - (await nodeKeys()).at) / 1000));
}

// On a phone the checks are below what is looked at.
function bringIntoView(panel) {
  const { top } = panel.getBoundingClientRect();
  if (top > 0.7 * innerHeight || top < -0.5 * innerHeight) panel.scrollIntoView({ block: "start" });
}

function pending() {
  byId("checks-count").textContent = "";
  for (const row of all("#checks > li")) delete row.dataset.outcome;
}

// The list on the page has the names of all checks; one that it does not know goes in behind the last one.
function tick({ name, outcome, detail }, at) {
  let row = byId("checks").querySelector(`[data-check="${name}"]`);
  if (!row) {
    row = make("li", "", make("code", "", name), make("span"));
    row.dataset.check = name;
    byId("checks").insertBefore(row, byId("checks").children[at] ?? null);
  }
  row.dataset.outcome = outcome;
  row.dataset.mark = MARKS[outcome];
  row.lastElementChild.textContent = outcome === "failed" ? `FAILED: ${detail}` : detail;
}

function verdict(report, ms, age) {
  const passed = report.checks.filter(({ outcome }) => outcome === "passed").length;
  byId("checks-count").textContent = report.checks.length ? `${passed} of ${report.checks.length}` : "";
  const took = `Computed here in ${ms} ms`;
  if (report.verdict === "valid") {
    const pin = `Pinned to the keys that this node gave ${age < 2 ? "a moment" : `${age} s`} ago: a pin is worth as much as the moment you took it.`;
    return say("valid", `Valid: all ${passed} checks hold.`, `${took}. ${pin}`);
  }
  if (report.verdict === "malformed") return say("failed", "Not a receipt any more.", `${took}: ${report.error.message}.`);
  const failed = report.checks.filter(({ outcome }) => outcome === "failed").map(({ name }) => name);
  say("failed", `Failed: ${failed.join(", ")}.`, `${took}. Whoever gets this receipt does not use it.`);
}

function say(kind, title, more) {
  const verdict = byId("verdict");
  verdict.dataset.verdict = kind;
  verdict.replaceChildren(make("p", kind ? "title" : "hint", title), ...(more ? [make("p", "hint small", more)] : []));
}

// --- tampering ------------------------------------------------------------------------------------
async function tamper() {
  await check(changeOne(state.text, byId("tamper-what").value));
}

// Changes one character of the first field of that name.
function changeOne(text, field) {
  const start = text.indexOf(`"${field}":"`) + field.length + 4;
  const last = text.indexOf('"', start) - 1;
  const at = field === "timestamp" ? last - 1 : Math.min(start + 12, last);
  const was = text[at];
  const now = was === "1" ? "2" : "1";
  return text.slice(0, at) + now + text.slice(at + 1);
}

function save() {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([state.text], { type: "application/json" }));
  link.download = "receipt.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
