// This node, now: health, entropy, the log, and how long the visitor's own calls take.
import { ask, askJson, byId, count, gently, LATER, makeSvg, toNothing } from "./page.js";

const SECONDS = 10;
const TIMES = 30;
const KEPT_CALLS = 40;
const TONES = ["ok", "degraded", "down"];

export function startGauges() {
  watchCalls();
  gently(look, { seconds: SECONDS, times: TIMES });
  setInterval(() => document.hidden || log.showAge(), 1000);
}

async function look() {
  await Promise.all([health(), entropy(), log.ask()]);
}

function show(id, value, more, lamp) {
  byId(`g-${id}`).textContent = value;
  byId(`g-${id}-more`).textContent = more;
  if (lamp) lamp[0].className = `lamp ${TONES.includes(lamp[1]) ? lamp[1] : "down"}`;
}

async function health() {
  const lamp = byId("lamp");
  const said = await askJson("/v1/health").catch(toNothing);
  if (said === LATER) return;
  if (!said) return show("node", "no answer", "/v1/health", [lamp, "down"]);
  const parts = Object.entries(said.upstreams ?? {}).map(([name, { status }]) => `${name} ${status}`);
  show("node", String(said.status), parts.join(", "), [lamp, said.status]);
}

async function entropy() {
  const lamp = byId("entropy-lamp");
  const said = await askJson("/v1/health/entropy").catch(toNothing);
  if (said === LATER) return;
  if (!said?.entropy) return show("entropy", "not known", "/v1/health/entropy", [lamp, "down"]);
  const { drbg, sources = [], status } = said.entropy;
  const good = sources.filter(({ state }) => state === "ok").length;
  const engine = `${said.mode}, ${drbg}`;
  show("entropy", engine, `${good} of ${sources.length} sources ok: ${sources.map(({ name }) => name).join(", ")}`, [lamp, status]);
}

// A checkpoint has a time only where a witness put one in, so its age is that of the change seen here.
const log = {
  size: null,
  since: null,
  changed: false,
  async ask() {
    try {
      const [origin, size, root] = (await ask("/v1/log/checkpoint")).text.split("\n");
      if (!/^\d+$/.test(size) || !root) throw new TypeError("not a checkpoint");
      if (this.size !== null && this.size !== size) this.changed = true;
      if (this.size !== size) this.since = Date.now();
      this.size = size;
      this.origin = origin;
      this.showAge();
    } catch (problem) {
      if (toNothing(problem) === LATER) return;
      this.size = null;
      show("log", "not available", "/v1/log/checkpoint");
    }
  },
  showAge() {
    if (this.size === null) return;
    const entries = Number(this.size);
    const age = span(Date.now() - this.since);
    show("log", count(entries, "entry", "entries"), this.changed ? `newest checkpoint seen ${age} ago` : `no newer checkpoint for ${age}`);
  },
};

function span(ms) {
  const seconds = Math.floor(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}

function watchCalls() {
  const calls = [];
  document.addEventListener("r4:call", ({ detail }) => {
    calls.push(detail.ms);
    if (calls.length > KEPT_CALLS) calls.shift();
    const sorted = [...calls].sort((a, b) => a - b);
    const round = (ms) => (ms < 10 ? ms.toFixed(1) : String(Math.round(ms)));
    const middle = round(sorted[Math.floor((sorted.length - 1) / 2)]);
    byId("g-calls").replaceChildren(`${middle} ms`, sparkline(calls, sorted.at(-1)));
    byId("g-calls-more").textContent = `median of ${count(calls.length, "call")}, ${round(sorted[0])} to ${round(sorted.at(-1))} ms`;
  });
}

function sparkline(calls, most) {
  const step = 100 / Math.max(calls.length - 1, 1);
  const points = calls.map((ms, at) => `${(at * step).toFixed(1)},${(22 - (20 * ms) / most).toFixed(1)}`).join(" ");
  const line = makeSvg("polyline", { points });
  return makeSvg("svg", { viewBox: "0 0 100 24", class: "spark", "aria-hidden": "true", preserveAspectRatio: "none" }, line);
}
