// Shows a schema as a list of fields.

import { make, prose } from "./dom.js";

// Follows a reference and gathers the parts of an allOf.
export function resolve(schema, api) {
  if (schema?.$ref) return resolve(lookUp(schema.$ref, api), api);
  if (schema?.allOf) {
    const parts = schema.allOf.map((part) => resolve(part, api));
    return {
      type: "object",
      properties: Object.assign({}, ...parts.map((part) => part.properties)),
      required: parts.flatMap((part) => part.required || []),
      description: schema.description,
    };
  }
  return schema || {};
}

export function lookUp(reference, api) {
  return reference.slice(2).split("/").reduce((at, name) => at?.[name], api);
}

function variants(schema) {
  return (schema.oneOf || schema.anyOf || []).filter((variant) => variant.type !== "null");
}

export function typeOf(schema, api) {
  const plain = resolve(schema, api);
  const options = variants(plain);
  if (options.length) return [...new Set(options.map((option) => typeOf(option, api)))].join(" or ");
  if (plain.enum) return plain.enum.length === 1 ? JSON.stringify(plain.enum[0]) : "one of " + plain.enum.join(", ");
  const type = [].concat(plain.type || "any").filter((name) => name !== "null").join(" or ");
  if (type === "array") return "list of " + typeOf(plain.items, api).replace(/^(string|integer|object)$/, "$1s");
  const bounds = [];
  if (plain.minimum !== undefined || plain.maximum !== undefined) bounds.push((plain.minimum ?? "…") + " to " + (plain.maximum ?? "…"));
  if (plain.minLength !== undefined || plain.maxLength !== undefined) bounds.push((plain.minLength ?? 0) + " to " + (plain.maxLength ?? "…") + " characters");
  return [type, ...bounds].join(", ");
}

function field(name, schema, needed, api, depth) {
  const row = make("li", {}, make("code", { class: "name" }, name), make("span", { class: "type" }, typeOf(schema, api)));
  if (!needed) row.append(make("span", { class: "tag" }, "optional"));
  const said = schema.description || resolve(schema, api).description;
  if (said) row.append(prose("p", said));
  const inner = resolve(schema.items || schema, api);
  const parts = inner.properties ? [inner] : variants(inner).map((variant) => resolve(variant, api)).filter((variant) => variant.properties);
  if (parts.length && depth < 4) {
    const nested = parts.map((part) => fields(part, api, depth + 1));
    row.append(make("details", {}, make("summary", {}, "Fields of ", make("code", {}, name)), ...nested));
  }
  return row;
}

// Returns the fields of an object, or of each form that it may have.
export function fields(given, api, depth = 0) {
  const schema = resolve(given, api);
  const options = variants(schema);
  if (options.length) {
    const forms = options.map((option) => {
      const plain = resolve(option, api);
      const name = plain.properties?.kind?.enum?.[0] || option.$ref?.split("/").pop() || typeOf(option, api);
      const about = (option.description || plain.description || "").split("\n")[0];
      const summary = make("summary", {}, make("code", {}, name), prose("span", about, { class: "about" }));
      return plain.properties ? make("details", {}, summary, fields(plain, api, depth + 1)) : make("p", {}, make("code", {}, name), " ", prose("span", about));
    });
    return make("div", { class: "forms-of" }, ...forms);
  }
  if (!schema.properties) return prose("p", typeOf(schema, api), { class: "type" });
  const needed = schema.required || [];
  const rows = Object.entries(schema.properties).map(([name, part]) => field(name, part, needed.includes(name), api, depth));
  return make("ul", { class: "fields" }, ...rows);
}
