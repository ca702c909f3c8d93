// The status page: how the node is, and how it was. Text from the node is only ever set as text.
import { ask, askJson, byId, count, facts, gently, LATER, make, toNothing, working } from "./parts/page.js";
import { byDay, spans, totals } from "./parts/history.js";

const SECONDS = 30;
const TIMES = 40;
const WORDS = { ok: "Everything works.", degraded: "Some of it works.", down: "It does not work." };
const NAMES = { "r4-core": "random bytes", "r4-vrf": "receipts and the log", entropy: "the sealed generator and its sources" };

byId("again").hidden = false;
byId("again").addEventListener("click", () => working(byId("again"), () => live.start()));
const live = gently(lookAtAll, { seconds: SECONDS, times: TIMES });

async function lookAtAll() {
  const [health] = await Promise.all([now(), history(), entropy()]);
  if (health === LATER) return;
  byId("asked").textContent = `Asked by your browser at ${time(new Date())}${health ? `; r4-gateway ${health.version}` : ""}.`;
}

async function now() {
  const health = await askJson("/v1/health").catch(toNothing);
  if (health === LATER) return health;
  const state = health ? (health.status in WORDS ? health.status : "down") : "down";
  const parts = Object.entries(health?.upstreams ?? {}).filter(([, { status }]) => status !== "ok");
  const more = parts.map(([name, { status, reason }]) => ` ${name} is ${status}${reason ? `: ${reason}` : ""}.`);
  const line = byId("headline");
  const text = health ? WORDS[state] + more.join("") : "The node does not answer.";
  line.className = `headline ${state}`;
  line.firstElementChild.className = `lamp ${state}`;
  // A status that is said again is read out again.
  if (line.lastElementChild.textContent !== text) line.lastElementChild.textContent = text;
  return health;
}

async function history() {
  try {
    const status = JSON.parse((await ask("/v1/status")).text);
    byId("history").replaceChildren(...status.components.map((name) => part(status, name)));
    byId("since").textContent = since(status.buckets[0]);
  } catch (problem) {
    if (toNothing(problem) === LATER) return;
    byId("history").replaceChildren(make("p", "hint", "The history is not available now."));
  }
}

function since(first) {
  if (!first) return "The record is empty.";
  return `The record begins on ${moment(first.start)}.`;
}

function part(status, name) {
  const bars = spans(status, name);
  const sum = totals(bars);
  const strip = make("div", "bars", ...bars.map((one) => bar(one)));
  strip.setAttribute("role", "img");
  strip.setAttribute("aria-label", `${name}, ${bars.length} spans of ${hours(bars[0])} hours: ${tally(bars)}. The table below has the days.`);
  return make("section", "part",
    make("div", "part-head",
      make("h3", "", name, make("span", "unseen", `: ${NAMES[name] ?? ""}`)),
      make("p", "share", sum.checks ? `${percent(sum.ok, sum.checks)} ok` : "unknown")),
    strip,
    make("div", "axis", make("span", "", "7 days ago"), make("span", "", "now")),
    make("p", "hint", basis(sum)),
    table(status, name));
}

const hours = ({ start, end }) => Math.round((end - start) / 3600);

function bar({ start, end, state, ok, degraded, down, known, buckets }) {
  const made = make("i", `bar ${state}`);
  const found = state === "none" ? "unknown" : `${ok} ok, ${degraded} degraded, ${down} down; known for ${5 * known} of ${5 * buckets} minutes`;
  made.title = `${moment(start)} to ${time(new Date(1000 * end), false)}: ${found}`;
  return made;
}

function tally(bars) {
  const states = { ok: 0, degraded: 0, down: 0, none: 0 };
  for (const { state } of bars) states[state] += 1;
  return `${states.ok} ok, ${states.degraded} with something degraded, ${states.down} with something down, ${states.none} unknown`;
}

// What the share is a share of, and what is not known.
function basis({ checks, degraded, down, known, buckets }) {
  if (checks === 0) return "Nothing is known of the last seven days.";
  const unknown = buckets - known;
  const bad = [degraded && `${degraded.toLocaleString("en")} degraded`, down && `${down.toLocaleString("en")} down`].filter(Boolean);
  const rest = unknown ? ` Nothing is known of ${percent(unknown, buckets)} of the seven days.` : "";
  return `Of ${count(checks, "check")} in seven days${bad.length ? `, ${bad.join(", ")}` : ""}.${rest}`;
}

function table(status, name) {
  const head = ["24 hours from", "Ok", "Degraded", "Down", "Ok of checks", "Known"].map((text, at) => cell("th", text, at > 0 && "num", "col"));
  const rows = byDay(status, name).map(({ start, ok, degraded, down, known, buckets }) => {
    const checks = ok + degraded + down;
    const values = [ok, degraded, down, checks ? percent(ok, checks) : "unknown", percent(known, buckets)];
    return make("tr", "", cell("th", moment(start), "", "row"), ...values.map((value) => cell("td", value.toLocaleString("en"), "num")));
  });
  const made = make("table", "", make("thead", "", make("tr", "", ...head)), make("tbody", "", ...rows));
  made.prepend(make("caption", "unseen", `${name}, day by day`));
  const scroll = make("div", "scroll", made);
  Object.assign(scroll, { tabIndex: 0, role: "region", ariaLabel: `${name}, day by day` });
  return make("details", "", make("summary", "", "Day by day"), scroll);
}

function cell(tag, text, name, scope) {
  const made = make(tag, name || "", text);
  if (scope) made.scope = scope;
  return made;
}

async function entropy() {
  const said = await askJson("/v1/health/entropy").catch(toNothing);
  if (said === LATER) return;
  if (!said?.entropy) {
    byId("engine").replaceChildren(...facts([["engine", "not known", "down"]]));
    byId("sources").replaceChildren(make("tr", "", make("td", "", "not known")));
    return;
  }
  const { drbg, reseeds, sources = [], status, health = {} } = said.entropy;
  byId("engine").replaceChildren(...facts([
    ["state", String(status), tone(status)],
    ["engine", String(drbg)],
    ["mode", String(said.mode), said.mode === "sealed" ? "ok" : "degraded"],
    ["integrity", String(said.integrity), said.integrity === "failed" ? "down" : ""],
    ["self-test", String(said.selftest), said.selftest === "pass" ? "ok" : "down"],
    ["reseeds", Number(reseeds).toLocaleString("en")],
    ["starts", Number(health.starts ?? 0).toLocaleString("en")],
  ]));
  byId("sources").replaceChildren(...sources.map((source) => make("tr", "",
    cell("th", source.name, "", "row"),
    cell("td", source.state, `mono ${tone(source.state)}`),
    cell("td", `${source.credited_bits} bits`, "num"),
    cell("td", Number(source.samples).toLocaleString("en"), "num"),
    cell("td", `${source.intermittent_failures} · ${source.permanent_failures}`, "num"))));
}

const tone = (state) => ({ ok: "ok", degraded: "degraded", absent: "" })[state] ?? "down";

// Never rounded up to all of it.
function percent(part, whole) {
  const share = (100 * part) / whole;
  if (share === 0 || share === 100) return `${share} %`;
  return `${(Math.floor(share * 100) / 100).toFixed(2)} %`;
}

function moment(seconds) {
  const date = new Date(1000 * seconds);
  return `${date.toLocaleDateString("en", { weekday: "short", day: "numeric", month: "short" })}, ${time(date, false)}`;
}

function time(date, withSeconds = true) {
  return date.toLocaleTimeString("sv-SE", { hour: "2-digit", minute: "2-digit", ...(withSeconds && { second: "2-digit" }) });
}
