// What every part of the pages needs: elements, calls to the node, and what to say when one fails.

export const byId = (id) => document.getElementById(id);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// Makes an element with a class and children; text children are text, whatever is in them.
export function make(tag, name, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

export function makeSvg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// The rows of a list of facts: [name, value] or [name, value, class].
export function facts(rows) {
  return rows.map(([name, value, state]) => make("div", "", make("dt", "", name), make("dd", state ?? "", value)));
}

export const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

// --- calls --------------------------------------------------------------------------------------
const TIMEOUT_MS = 15_000;

// An answer that is no answer: `status` is 0 where the node was not reached.
export class Problem extends Error {
  constructor(status, { type = "", detail = "" } = {}, retrySeconds = null) {
    super(detail || (status === 0 ? "the node does not answer" : `the node answered ${status}`));
    Object.assign(this, { status, slug: String(type).replace(/^\/errors\//, ""), retrySeconds });
  }
}

// Asks the node, and says how long that took, to whoever listens for `r4:call` as well.
export async function ask(path, init = {}) {
  const began = performance.now();
  let response;
  let text;
  try {
    response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
    text = await response.text();
  } catch {
    throw new Problem(0);
  }
  const ms = performance.now() - began;
  document.dispatchEvent(new CustomEvent("r4:call", { detail: { path, ms } }));
  if (!response.ok) {
    const retry = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
    throw new Problem(response.status, parse(text) ?? {}, Number.isNaN(retry) ? null : retry);
  }
  return { text, ms };
}

// As `ask`, for answers in JSON; the health routes say how they are with 503, too.
export async function askJson(path) {
  const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => null);
  const body = response && parse(await response.text().catch(() => ""));
  if (!body) throw new Problem(response?.status ?? 0);
  const isProblem = response.headers.get("Content-Type")?.includes("problem");
  if (isProblem) throw new Problem(response.status, body);
  return body;
}

// Who is asked too often has not said how it is: what was shown of it stays.
export const LATER = Symbol("later");
export const toNothing = (problem) => (problem.status === 429 ? LATER : null);

function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

// What to tell a visitor, in a sentence.
export function sentence(problem) {
  if (problem.slug === "demo-off") return "The operator has turned the demonstration off. With a key the same calls work: see the quick start.";
  if (problem.status === 429) {
    const wait = problem.retrySeconds === null ? "in a moment" : `in ${count(problem.retrySeconds, "second")}`;
    return `The demonstration takes only so many calls. Try again ${wait}.`;
  }
  return `It did not work: ${problem.message}.`;
}

// --- doing something again and again --------------------------------------------------------------
const still = matchMedia("(prefers-reduced-motion: reduce)");

// Runs a task now and then every so many seconds, at most so many times, while the page is looked at.
// The task may return how many seconds it must wait; for ever is Infinity. Whoever wants less motion
// gets it once.
export function gently(task, { seconds, times, changed = () => {} }) {
  let left = 0;
  let round = 0;
  let timer;
  // Whatever an older round still does, it does not go on.
  const run = async (mine) => {
    left -= 1;
    const wait = (await task()) ?? 0;
    if (mine !== round) return;
    if (wait === Infinity) left = 0;
    changed();
    if (left > 0) timer = setTimeout(() => whenSeen(mine), 1000 * Math.max(seconds, wait));
  };
  const whenSeen = (mine) => {
    if (mine !== round) return;
    if (!document.hidden) void run(mine);
    else document.addEventListener("visibilitychange", () => whenSeen(mine), { once: true });
  };
  const live = {
    get running() {
      return left > 0;
    },
    pause() {
      clearTimeout(timer);
      round += 1;
      left = 0;
      changed();
    },
    // Once now, and on from there.
    start(often = times) {
      clearTimeout(timer);
      round += 1;
      left = often;
      return run(round);
    },
  };
  void live.start(still.matches ? 1 : times);
  return live;
}

// While a button works it only says that it is disabled, so that it keeps the focus.
export async function working(button, task) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  try {
    await task();
  } finally {
    button.removeAttribute("aria-disabled");
  }
}
