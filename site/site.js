// Puts this node's address into the commands, copies them, and asks the node how it is.
// Text from the node is only ever set as text, never as markup.
"use strict";

const byId = (id) => document.getElementById(id);

function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

// --- commands -------------------------------------------------------------------------------
const local = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname);

function addressCommands() {
  if (!location.protocol.startsWith("http")) return;
  const curl = local && location.protocol === "https:" ? "curl -k" : "curl";
  for (const code of document.querySelectorAll(".code code")) {
    // The address goes in last: a host name may hold any of these words.
    let text = code.textContent.replaceAll("curl", curl);
    if (!local) text = text.replaceAll("X-API-Key: demo", "X-API-Key: YOUR_KEY");
    code.textContent = text.replaceAll("http://127.0.0.1:8082", location.origin);
  }
  if (!local) byId("key-note").textContent = "Put the key that the operator gave you in place of YOUR_KEY.";
}

async function copy(button) {
  const [code, label, said] = [byId(button.dataset.copy), button.firstElementChild, byId("copied")];
  let done = "Copied";
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    // No clipboard over plain HTTP: select the text, so that one key press copies it.
    getSelection().selectAllChildren(code);
    done = "Selected";
  }
  label.textContent = said.textContent = done;
  setTimeout(() => {
    label.textContent = "Copy";
    said.textContent = "";
  }, 1600);
}

// --- the node, now --------------------------------------------------------------------------
async function fetchJson(path) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(8000) });
  const body = await answer.json().catch(() => null);
  if (body === null || typeof body !== "object") throw new Error(`${path} answered ${answer.status}`);
  return body;
}

const tones = ["ok", "degraded", "down"];
const tone = (value) => (tones.includes(value) ? value : "");

function fact(list, name, value, state = "") {
  const row = element("div");
  row.append(element("dt", name), element("dd", value, state));
  list.append(row);
}

function showHealth(list, health) {
  fact(list, "status", String(health.status), tone(health.status));
  for (const [name, upstream] of Object.entries(health.upstreams ?? {})) {
    const said = [upstream.status, upstream.mode, upstream.reason].filter(Boolean).join(", ");
    fact(list, name, said, tone(upstream.status));
  }
}

function showKeys(list, keys) {
  const epoch = (keys.epochs ?? []).find((e) => e.key_hash === keys.active);
  fact(list, "key_hash", String(keys.active));
  for (const key of epoch?.keys ?? []) {
    if (!key.reserved) fact(list, String(key.use), String(key.algorithm));
  }
}

function raw(title, value) {
  const details = element("details");
  const text = element("pre", JSON.stringify(value, null, 2));
  text.tabIndex = 0;
  details.append(element("summary", title), text);
  return details;
}

async function answer() {
  const began = performance.now();
  const [health, keys] = await Promise.allSettled([fetchJson("/v1/health"), fetchJson("/v1/keys")]);
  const took = Math.round(performance.now() - began);

  const list = element("dl", undefined, "facts");
  const out = [list];
  let [status, state] = ["no answer", "down"];
  if (health.status === "fulfilled") {
    status = String(health.value.status);
    state = tone(status) || "down";
    showHealth(list, health.value);
    out.push(raw("/v1/health as it came", health.value));
  } else {
    fact(list, "status", status, state);
  }
  if (keys.status === "fulfilled" && keys.value.active) {
    showKeys(list, keys.value);
    out.push(raw("/v1/keys as it came", keys.value));
  } else {
    fact(list, "keys", "not available");
  }
  byId("lamp").className = `lamp ${state}`;
  byId("live").replaceChildren(...out);
  return `Status: ${status}. Asked at ${new Date().toLocaleTimeString()}, ${took} ms.`;
}

// While it asks, the button only says that it is disabled, so that it keeps the focus.
async function ask() {
  const [button, said] = [byId("ask"), byId("said")];
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  said.textContent = "Asking…";
  said.textContent = await answer().catch(() => "The answer could not be read.");
  button.textContent = "Ask again";
  button.removeAttribute("aria-disabled");
}

addressCommands();
for (const button of document.querySelectorAll(".copy")) button.addEventListener("click", () => copy(button));
byId("ask").addEventListener("click", ask);
