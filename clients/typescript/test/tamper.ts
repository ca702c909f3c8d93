/** Every field of a receipt, changed by itself, and what a verifier must then say. */

/** A changed document and the verdict: `failed` with a check's name, or `malformed` with a field's. */
export interface Tampered {
  path: string;
  json: string;
  verdict: "failed" | "malformed";
  names: string;
}

/** The check that fails when a field is another of the same form; a field without one has a single form. */
const FAILS: Record<string, string> = {
  id: "digest", key_id: "key_id", key_hash: "key_hash", index: "digest", random: "random", timestamp: "digest",
  alpha: "vrf", alpha_source: "alpha", msg_hash: "digest", v: "signer", r: "ecdsa", s: "ecdsa",
  "keys.ecvrf": "key_hash", "keys.ecdsa": "key_hash", "keys.mldsa65_sha256": "key_hash", "keys.ecvrf_evm_sha256": "key_hash",
  "vrf.public_key": "key_hash", "vrf.proof": "vrf", "vrf.evm_proof": "evm", evm_call: "evm",
  public_key: "key_hash", bytes: "digest", core_sha256: "digest", mode: "digest", "domain.chain_id": "digest",
};

const WORDS: Record<string, string> = { client: "index", index: "client", sealed: "fallback", fallback: "sealed" };

/** Changes each field of a document by itself. */
export function tamper(json: string): Tampered[] {
  const document = JSON.parse(json) as Record<string, unknown>;
  return paths(document).map((path) => {
    const changed = structuredClone(document);
    const parts = path.split(".");
    const name = parts.pop() ?? "";
    const parent = parts.reduce((at, part) => at[part] as Record<string, unknown>, changed);
    parent[name] = other(parent[name], path);
    const names = failure(path, document);
    return { path, json: JSON.stringify(changed), verdict: names ? "failed" : "malformed", names: names ?? path };
  });
}

function failure(path: string, document: Record<string, unknown>): string | undefined {
  // Whatever it says of the log, the proof or the checkpoint's text no longer fits.
  if (path.startsWith("log.")) return "inclusion";
  const ofIndex = document["alpha_source"] === "index";
  if (ofIndex && (path === "alpha" || path === "index")) return "alpha";
  // They are in the call for a contract, which is compared before they are.
  if (document["evm_call"] && ["index", "timestamp", "v", "r", "s"].includes(path)) return "evm";
  if (path === "signature") return document["pq_scheme"] ? "mldsa65" : "ecdsa";
  // With ECDSA alone, `signature` has v too.
  if (path === "v" && !document["pq_scheme"]) return "ecdsa";
  return FAILS[path];
}

function paths(value: object, before = ""): string[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    typeof inner === "object" && inner !== null ? paths(inner, `${before}${name}.`) : [before + name],
  );
}

/** A value as like another as can be. */
function other(value: unknown, path: string): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return path === "v" ? 55 - value : value + 1;
  const text = String(value);
  if (WORDS[text]) return WORDS[text];
  if (/^[0-9]+$/.test(text)) return String(BigInt(text) + 1n);
  if (path === "timestamp") return text.replace(/.Z$/, (end) => (end === "0Z" ? "1Z" : "0Z"));
  const at = /^[A-Za-z0-9+/]{40,}=*$/.test(text) ? 8 : text.length - 1;
  const digit = text.charAt(at) === "0" ? "1" : "0";
  return text.slice(0, at) + digit + text.slice(at + 1);
}
