// Renders /openapi.json. Text goes in as text only, never as markup.
"use strict";

function make(tag, text, attributes) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  return element;
}

// The description's texts are Markdown with no more in it than `code`.
function prose(tag, text, attributes) {
  const element = make(tag, undefined, attributes);
  text.split("`").forEach((part, i) => element.append(i % 2 ? make("code", part) : part));
  return element;
}

function table(caption, heads, rows) {
  const whole = make("table");
  whole.append(make("caption", caption, { class: "note" }));
  const head = make("tr");
  heads.forEach((h) => head.append(make("th", h, { scope: "col" })));
  whole.append(head);
  rows.forEach((row) => {
    const line = make("tr");
    row.forEach((cell) => line.append(prose("td", cell)));
    whole.append(line);
  });
  return whole;
}

function kind(schema, api) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.oneOf || schema.allOf) return (schema.oneOf || schema.allOf).map((s) => kind(s, api)).join(" or ");
  if (schema.type === "array") return "list of " + kind(schema.items, api);
  return [].concat(schema.type || "any").filter((t) => t !== "null").join(" or ");
}

function example(method, path, operation) {
  const words = ["curl"];
  if (operation.security) words.push('-H "X-API-Key: $R4_API_KEY"');
  if (operation.requestBody) words.push('-H "Content-Type: application/json" --data-binary @body.json');
  const needed = (operation.parameters || []).filter((p) => p.required).map((p) => p.name + "=32");
  words.push('"' + location.origin + path + (needed.length ? "?" + needed.join("&") : "") + '"');
  return words.join(" ");
}

function keyNote(security) {
  const optional = security.some((way) => Object.keys(way).length === 0);
  return (optional ? "An API key is optional" : "Needs an API key") + ": header X-API-Key, or ?key= in the query.";
}

function bodies(content, api) {
  return Object.entries(content || {}).map(([type, c]) => type + (c.schema ? " (" + kind(c.schema, api) + ")" : "")).join(", ");
}

function section(method, path, operation, api) {
  const place = make("section", undefined, { id: method + path.replaceAll("/", "-") });
  const title = make("h3");
  title.append(make("span", method.toUpperCase(), { class: "method" }), path);
  place.append(title, prose("p", operation.summary || ""));
  if (operation.description) place.append(prose("p", operation.description, { class: "note" }));
  if (operation.security) place.append(make("p", keyNote(operation.security), { class: "note" }));
  if (operation.parameters) {
    place.append(table("Parameters", ["name", "type", "meaning"], operation.parameters.map((p) =>
      [p.name + (p.required ? " (needed)" : ""), kind(p.schema, api), p.description || ""])));
  }
  if (operation.requestBody) place.append(make("p", "Body: " + bodies(operation.requestBody.content, api)));
  place.append(table("Answers", ["status", "meaning", "body"], Object.entries(operation.responses).map(([status, r]) =>
    [status, r.description || "", bodies(r.content, api)])));
  place.append(make("pre", example(method, path, operation), { tabindex: "0" }));
  return place;
}

function schemas(api) {
  const part = [make("h2", "shapes")];
  for (const [name, schema] of Object.entries(api.components.schemas)) {
    const fold = make("details");
    fold.append(make("summary", name), make("pre", JSON.stringify(schema, null, 2), { tabindex: "0" }));
    part.push(fold);
  }
  return part;
}

async function main() {
  const about = document.getElementById("about");
  try {
    const api = await (await fetch("/openapi.json")).json();
    about.replaceChildren(...prose("p", api.info.description + " Version " + api.info.version + ".").childNodes);
    const list = make("ul");
    const places = document.getElementById("operations");
    for (const tag of api.tags) {
      places.append(make("h2", tag.name), prose("p", tag.description, { class: "note" }));
      for (const [path, item] of Object.entries(api.paths)) {
        for (const [method, operation] of Object.entries(item)) {
          if (!(operation.tags || []).includes(tag.name)) continue;
          const part = section(method, path, operation, api);
          const link = make("li");
          link.append(make("a", method.toUpperCase() + " " + path, { href: "#" + part.id }));
          list.append(link);
          places.append(part);
        }
      }
    }
    places.append(...schemas(api));
    document.getElementById("contents").append(list);
    // The browser looked for the place in the address before there was one.
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  } catch (error) {
    about.textContent = "The description could not be loaded: " + error.message;
  }
}

main();
