// Renders /openapi.json.

import { copier, make, prose } from "./dom.js";
import { fields, lookUp, typeOf } from "./schema.js";
import { panel } from "./try.js";

const METHODS = ["get", "post"];

function badge(method) {
  return make("span", { class: "method " + method }, method.toUpperCase());
}

function idOf(operation) {
  return operation.operationId.replaceAll("_", "-");
}

function keyNote(security) {
  if (!security) return prose("p", "No API key is needed.", { class: "access open" });
  const optional = security.some((way) => Object.keys(way).length === 0);
  const said = optional ? "An API key is optional: header `X-API-Key`." : "Needs an API key: header `X-API-Key`.";
  return prose("p", said, { class: "access" });
}

function parameters(operation, api) {
  if (!operation.parameters?.length) return [];
  const rows = operation.parameters.map((parameter) => make("li", {},
    make("code", { class: "name" }, parameter.name),
    make("span", { class: "type" }, typeOf(parameter.schema, api) + ", in " + parameter.in),
    parameter.required ? "" : make("span", { class: "tag" }, "optional"),
    prose("p", parameter.description),
  ));
  return [make("h4", {}, "Parameters"), make("ul", { class: "fields" }, ...rows)];
}

function requestBody(operation, api) {
  const content = operation.requestBody?.content?.["application/json"];
  if (!content) return [];
  return [make("h4", {}, "Body"), prose("p", operation.requestBody.description, { class: "note" }), fields(content.schema, api)];
}

function exampleView(media, example) {
  const text = typeof example.value === "string" ? example.value : JSON.stringify(example.value, null, 2);
  const pre = make("pre", { tabindex: 0, role: "group", "aria-label": "Example" }, make("code", {}, text));
  return make("figure", {},
    make("figcaption", {}, make("code", {}, media), " ", prose("span", example.summary)),
    make("div", { class: "code" }, pre, copier("the example", () => text)));
}

function problemView(slug, example) {
  return make("div", { class: "problem-kind" },
    make("p", {}, make("a", { href: "/errors/" + slug }, make("code", {}, slug))),
    prose("p", example.summary), prose("p", example.description, { class: "note" }),
    make("pre", { tabindex: 0, role: "group", "aria-label": "Example of " + slug }, make("code", {}, JSON.stringify(example.value, null, 2))));
}

function headersOf(response, api) {
  const rows = Object.entries(response.headers || {}).map(([name, header]) => {
    const plain = header.$ref ? lookUp(header.$ref, api) : header;
    return make("div", {}, make("dt", {}, name), prose("dd", plain.description));
  });
  return rows.length ? make("details", { class: "inner" }, make("summary", {}, "Headers"), make("dl", { class: "headers" }, ...rows)) : "";
}

function answer(status, response, api) {
  const problem = response.content?.["application/problem+json"];
  const body = [];
  for (const [media, content] of Object.entries(response.content || {})) {
    const examples = Object.entries(content.examples || {}).map(([name, example]) => [name, example.$ref ? lookUp(example.$ref, api) : example]);
    if (media === "application/problem+json") {
      body.push(...examples.map(([slug, example]) => problemView(slug, example)));
    } else {
      body.push(...examples.map(([, example]) => exampleView(media, example)));
      if (media === "application/json" && content.schema) body.push(make("details", { class: "inner" }, make("summary", {}, "Fields"), fields(content.schema, api)));
      if (!examples.length) body.push(make("p", {}, make("code", {}, media)));
    }
  }
  const names = Object.keys(problem?.examples || {});
  const said = problem ? prose("span", names.map((name) => "`" + name + "`").join(" "), { class: "about" }) : prose("span", response.description, { class: "about" });
  const tone = status < 300 ? "good" : status < 500 ? "poor" : "bad";
  return make("details", { class: "answer-kind" }, make("summary", {}, make("b", { class: tone }, status), said), ...body, headersOf(response, api));
}

function section(method, path, operation, api, key) {
  const id = idOf(operation);
  const title = make("h3", { id: id + "-name" }, badge(method), make("a", { href: "#" + id, class: "path" }, path));
  const about = make("div", { class: "about-it" }, prose("p", operation.summary, { class: "summary" }));
  if (operation.description) about.append(prose("p", operation.description, { class: "note" }));
  about.append(keyNote(operation.security), ...parameters(operation, api), ...requestBody(operation, api), make("h4", {}, "Answers"),
    ...Object.entries(operation.responses).map(([status, response]) => answer(status, response, api)));
  return make("section", { id, class: "operation", "aria-labelledby": id + "-name" }, title,
    make("div", { class: "halves" }, about, panel(method, path, operation, api, key)));
}

function link(method, path, operation) {
  return make("li", { "data-words": [method, path, operation.summary, operation.operationId].join(" ").toLowerCase() },
    make("a", { href: "#" + idOf(operation) }, badge(method), make("span", {}, path)));
}

function render(api, key) {
  const [list, places] = ["list", "operations"].map((id) => document.getElementById(id));
  for (const tag of api.tags) {
    const links = make("ul", {});
    places.append(make("h2", { id: "tag-" + tag.name }, tag.name), prose("p", tag.description + ".", { class: "note" }));
    for (const [path, item] of Object.entries(api.paths)) {
      for (const method of METHODS) {
        const operation = item[method];
        if (!operation?.tags?.includes(tag.name)) continue;
        links.append(link(method, path, operation));
        places.append(section(method, path, operation, api, key));
      }
    }
    list.append(make("div", { class: "group" }, make("a", { href: "#tag-" + tag.name, class: "group-name" }, tag.name), links));
  }
}

function watchSearch() {
  const find = document.getElementById("find");
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of document.querySelectorAll("#list li")) item.hidden = !words.every((word) => item.dataset.words.includes(word));
    for (const group of document.querySelectorAll("#list .group")) group.hidden = !group.querySelector("li:not([hidden])");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.matches("input, textarea, select")) return;
    event.preventDefault();
    document.getElementById("menu").open = true;
    find.focus();
  });
}

// The list is open where there is room beside the operations, and folds itself after a choice where not.
function watchMenu() {
  const [menu, wide] = [document.getElementById("menu"), matchMedia("(min-width: 64rem)")];
  const adapt = () => { menu.open = wide.matches; };
  wide.addEventListener("change", adapt);
  adapt();
  menu.addEventListener("click", (event) => { if (event.target.closest("a") && !wide.matches) menu.open = false; });
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      document.querySelector("#list a[aria-current]")?.removeAttribute("aria-current");
      document.querySelector('#list a[href="#' + entry.target.id + '"]')?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  document.querySelectorAll(".operation").forEach((one) => seen.observe(one));
}

function watchKey(key) {
  const [form, reveal] = ["access", "reveal"].map((id) => document.getElementById(id));
  form.addEventListener("submit", (event) => event.preventDefault());
  reveal.addEventListener("click", () => {
    const show = key.type === "password";
    key.type = show ? "text" : "password";
    reveal.setAttribute("aria-pressed", String(show));
  });
}

async function main() {
  const about = document.getElementById("about");
  const key = document.getElementById("key");
  watchKey(key);
  try {
    const api = await (await fetch("/openapi.json")).json();
    about.replaceChildren(...prose("p", api.info.description + " Version " + api.info.version + ".").childNodes);
    render(api, key);
    watchSearch();
    watchMenu();
    // The browser looked for the place in the address before there was one.
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  } catch (error) {
    about.textContent = "The description could not be loaded: " + error.message;
  }
}

main();
