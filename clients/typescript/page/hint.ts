/** Recognises what people give by mistake instead of a receipt. */

/** Says what it is, or nothing. */
export function hint(text: string): string | null {
  if (text.startsWith("\ufeff")) return "it begins with a byte order mark; save it as UTF-8 without one";
  if (/^\s*</.test(text)) return "this is a web page";
  const value = parse(text);
  if (value === null) return null;
  if ("epochs" in value) return "this is a list of keys; choose it as a keys file under “Whom you trust”";
  const { detail, status, type } = value;
  if (typeof detail !== "string" || (status === undefined && type === undefined)) return null;
  return `this is an error answer: ${detail.slice(0, 300)}`;
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}
