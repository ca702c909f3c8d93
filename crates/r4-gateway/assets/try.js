// The panel that sends a request. The key stays in its field; it is sent in a header alone.

import { copier, fresh, make } from "./dom.js";
import { resolve, typeOf } from "./schema.js";

const SHOWN_CHARACTERS = 60000;

function control(parameter, api) {
  const schema = resolve(parameter.schema, api);
  const id = fresh("field");
  const example = parameter.example === undefined ? "" : String(parameter.example);
  const shared = { id, name: parameter.name, autocomplete: "off", spellcheck: "false" };
  let input;
  if (schema.enum) {
    const none = parameter.required ? [] : [make("option", { value: "" }, "–")];
    input = make("select", shared, ...none, ...schema.enum.map((value) => make("option", { value }, value)));
  } else {
    const numeric = [].concat(schema.type).includes("integer");
    input = make("input", { ...shared, type: "text", inputmode: numeric ? "numeric" : undefined, placeholder: example });
  }
  if (parameter.required) input.value = example;
  const label = make("label", { for: id }, make("code", {}, parameter.name), parameter.required ? "" : make("span", { class: "tag" }, "optional"));
  return { parameter, input, row: make("div", { class: "row", title: typeOf(parameter.schema, api) }, label, input) };
}

function quote(text) {
  return "'" + text.replaceAll("'", "'\\''") + "'";
}

function headerRows(headers) {
  const rows = [...headers].sort(([a], [b]) => a.localeCompare(b));
  return make("dl", { class: "headers" }, ...rows.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

// Says how much of the caller's limit is left, with a bar.
function limitBar(headers) {
  const [limit, left, reset] = ["limit", "remaining", "reset"].map((name) => Number(headers.get("ratelimit-" + name) ?? NaN));
  if (![limit, left, reset].every(Number.isFinite)) return undefined;
  const text = left + " of " + limit + " left, all back in " + reset + " s";
  return make("p", { class: "limit" }, make("meter", { min: 0, max: limit, low: limit / 4, value: left, "aria-label": "Rate limit" }), text);
}

function shown(bytes, type) {
  if (type.includes("json")) {
    try { return JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)), null, 2); } catch { /* shown as it is */ }
  }
  if (type.startsWith("text/") || type.includes("json")) return new TextDecoder().decode(bytes);
  const lines = [];
  for (let at = 0; at < Math.min(bytes.length, 4096); at += 8) {
    lines.push([...bytes.slice(at, at + 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" "));
  }
  return lines.join("\n") + (bytes.length > 4096 ? "\n… " + bytes.length + " bytes in all" : "");
}

export function panel(method, path, operation, api, key) {
  const controls = (operation.parameters || []).map((parameter) => control(parameter, api));
  const needsKey = Boolean(operation.security);
  const content = operation.requestBody?.content?.["application/json"];
  const examples = Object.entries(content?.examples || {}).map(([name, example]) => [name, example.$ref ? resolve(example, api) : example]);
  const body = content && make("textarea", { id: fresh("body"), spellcheck: "false", autocapitalize: "off" });
  const choose = examples.length > 1 && make("select", { id: fresh("choose") }, ...examples.map(([name, example]) => make("option", { value: name }, example.summary || name)));
  const fill = () => {
    const [, example] = examples.find(([name]) => !choose || name === choose.value) || [];
    body.value = JSON.stringify(example?.value ?? {}, null, 2);
    body.rows = Math.min(Math.max(body.value.split("\n").length + 1, 4), 14);
  };

  const curl = make("code", {});
  const parts = () => {
    const value = (place) => controls.filter(({ parameter, input }) => parameter.in === place && input.value !== "").map(({ parameter, input }) => [parameter.name, input.value]);
    const target = value("path").reduce((at, [name, text]) => at.replace("{" + name + "}", text.split("/").map(encodeURIComponent).join("/")), path);
    const query = new URLSearchParams(value("query")).toString();
    return { url: target + (query && "?" + query), headers: value("header") };
  };
  const write = () => {
    const { url, headers } = parts();
    const words = ["curl"];
    if (needsKey) words.push('-H "X-API-Key: $R4_API_KEY"');
    headers.forEach(([name, text]) => words.push("-H " + quote(name + ": " + text)));
    if (body) words.push("-H 'Content-Type: application/json'", "--data-binary " + quote(compact(body.value)));
    words.push(quote(location.origin + url));
    curl.textContent = words.join(" \\\n  ");
  };

  const answer = make("div", { class: "answer" });
  const status = make("p", { class: "said", role: "status" });
  const send = make("button", { class: "button", type: "submit" }, "Send");
  const ask = async (event) => {
    event.preventDefault();
    const { url, headers } = parts();
    const request = { method: method.toUpperCase(), headers: new Headers(headers), cache: "no-store", credentials: "omit", redirect: "error" };
    if (needsKey && key.value) request.headers.set("X-API-Key", key.value);
    if (body) {
      request.headers.set("Content-Type", "application/json");
      request.body = body.value;
    }
    send.setAttribute("aria-disabled", "true");
    const started = performance.now();
    try {
      const response = await fetch(url, request);
      const bytes = new Uint8Array(await response.arrayBuffer());
      report(response, bytes, performance.now() - started);
    } catch (error) {
      status.replaceChildren(make("b", { class: "bad" }, "No answer"), " " + error.message);
      answer.replaceChildren();
    }
    send.removeAttribute("aria-disabled");
  };
  const report = (response, bytes, ms) => {
    const text = shown(bytes, response.headers.get("content-type") || "");
    const tone = response.ok ? "good" : response.status < 500 ? "poor" : "bad";
    status.replaceChildren(make("b", { class: tone }, response.status + " " + response.statusText), " in " + ms.toFixed(0) + " ms, " + bytes.length.toLocaleString("en") + " bytes");
    const cut = text.length > SHOWN_CHARACTERS ? text.slice(0, SHOWN_CHARACTERS) + "\n… copy it to see the rest" : text;
    answer.replaceChildren(
      ...[limitBar(response.headers)].filter(Boolean),
      make("div", { class: "code" }, make("pre", { tabindex: 0, role: "group", "aria-label": "Body of the answer" }, make("code", {}, cut)), copier("the body", () => text)),
      make("details", {}, make("summary", {}, "Headers"), headerRows(response.headers)),
    );
  };

  const form = make("form", { class: "try", "aria-label": "Try " + method.toUpperCase() + " " + path, on: { submit: ask, input: write } });
  if (needsKey) form.append(make("p", { class: "note" }, "Sent with the API key from the top of the page."));
  form.append(...controls.map(({ row }) => row));
  if (body) {
    fill();
    if (choose) form.append(make("div", { class: "row" }, make("label", { for: choose.id }, "Example"), choose));
    form.append(make("div", { class: "row wide" }, make("label", { for: body.id }, "Body"), body));
    choose?.addEventListener?.("change", () => { fill(); write(); });
    body.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(); });
  }
  write();
  form.append(make("div", { class: "code" }, make("pre", { tabindex: 0, role: "group", "aria-label": "The same with curl" }, curl), copier("the command", () => curl.textContent)), make("p", { class: "actions" }, send, status), answer);
  return form;
}

function compact(text) {
  try { return JSON.stringify(JSON.parse(text)); } catch { return text; }
}
