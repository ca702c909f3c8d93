/** Shows a report: the verdict, what the document says, and every check with what went into it. */

import { toHex } from "../src/bytes.js";
import type { Check } from "../src/check.js";
import type { Document } from "../src/document.js";
import type { DrawSpec } from "../src/draw-spec.js";
import { formatTimestamp } from "../src/timestamp.js";
import type { CheckedReport, Report } from "../src/verify.js";
import type { CheckedDrawReport } from "../src/verify-draw.js";
import { find, make, mark, pairs } from "./dom.js";
import { drawFacts, drawnOf, drawRemarks } from "./render-draw.js";

const MARKS = { passed: "✓", failed: "✗", "not checked": "–" };

/** Shows that nothing could be checked, and why: because of the receipt, its file, or the pin. */
export function showProblem(kind: "malformed" | "unreadable" | "unpinnable", title: string, text: string): void {
  if (kind === "malformed") showVerdict(kind, "✗", title, text, moment());
  else showVerdict(kind, "?", title, text);
  find("report", HTMLElement).replaceChildren();
}

/** Shows that there is nothing to check, or that it is being done. */
export function showNothing(text: string): void {
  const verdict = find("verdict", HTMLElement);
  delete verdict.dataset["verdict"];
  verdict.replaceChildren(make("p", "hint", text));
  find("report", HTMLElement).replaceChildren();
}

/** Shows a report. `pinnedBy` says in words what was pinned; `hint` what a malformed document may be. */
export function showReport(report: Report | CheckedDrawReport, pinnedBy: string, hint: string | null): void {
  if (report.verdict === "malformed") {
    const { field, message } = report.error;
    const title = field === null ? "Malformed: this is not a receipt" : `Malformed: ${field}`;
    showProblem("malformed", title, `${sentence(message)}${hint ? ` ${sentence(hint)}` : ""}`);
    return;
  }
  const draw = "spec" in report ? report : null;
  const notes = [...(draw?.spec ? drawRemarks(draw.spec, !!draw.participants) : remarks(report.document)), logRemark(report)];
  const list = make("ul", "notes", ...notes.map((remark) => make("li", "", remark)));
  showVerdict(report.verdict, ...verdictWords(report, pinnedBy), ...(report.verdict === "failed" ? [] : [list]), moment());
  find("report", HTMLElement).replaceChildren(
    ...(draw ? drawnOf(draw) : []),
    make("h3", "", "What it says"),
    pairs("facts", facts(report.document, draw?.spec ?? null)),
    ...checkList(report.checks),
  );
}

function showVerdict(kind: string, sign: string, title: string, text: string, ...more: HTMLElement[]): void {
  const verdict = find("verdict", HTMLElement);
  verdict.dataset["verdict"] = kind;
  verdict.replaceChildren(
    make("p", "verdict-title", mark(sign), make("span", "", title)),
    make("p", "verdict-text", text),
    ...more,
  );
}

/** Says when and where it was, for whoever sees a copy of the page in which nothing runs. */
function moment(): HTMLElement {
  const [day, time] = new Date().toLocaleString("sv-SE").split(" ");
  return make("p", "moment", `Checked in this tab at ${time} on ${day}. A saved or printed copy proves nothing.`);
}

function verdictWords(report: CheckedReport | CheckedDrawReport, pinnedBy: string): [sign: string, title: string, text: string] {
  const failed = report.checks.find((check) => check.outcome === "failed");
  if (failed) return ["✗", `Failed: ${failed.name}`, `${sentence(failed.detail)} Do not use what it says.`];
  if (report.verdict === "valid") return ["✓", "Valid", `Every check holds. Pinned by ${pinnedBy}.`];
  const text = "Anyone could have made this receipt. Name whom you trust: a key hash, a keys file or a signer.";
  return ["!", "self-consistent; signer NOT checked", text];
}

function remarks(document: Document): string[] {
  if (document.kind === "attested") {
    const fallback = "The mode is fallback: the kernel’s generator made these bytes, not the sealed one.";
    const signed = "Signed, but not unique: nothing shows that they were drawn only once.";
    return document.mode === "fallback" ? [signed, fallback] : [signed];
  }
  if (document.alphaSource === "client") {
    return ["Compare alpha with the input that was fixed beforehand: a receipt for another alpha is as good a receipt."];
  }
  const index = "alpha was made from the index. The operator knows all such outputs and can spend an index on itself:";
  return [`${index} index mode makes no fairness claim against the operator.`];
}

function logRemark({ document, checks }: CheckedReport | CheckedDrawReport): string {
  const { log } = document;
  if (!log) return "It carries no proof that it is in the node’s log.";
  const signed = checks.some(({ name, outcome }) => name === "checkpoint" && outcome === "passed");
  const place = `In the log at index ${log.index} of ${log.treeSize} entries`;
  if (signed) return `${place}; the log signed the checkpoint that says so with both of its keys.`;
  return `${place}, says a checkpoint whose signatures were NOT checked: no key of the log was pinned. A keys file brings them.`;
}

function facts(document: Document, spec: DrawSpec | null): [string, string][] {
  const { domain, ecdsa, log } = document;
  const time = formatTimestamp(document.timestamp);
  return [
    ...(spec ? drawFacts(spec) : []),
    ...contents(document, spec !== null),
    ["index", `${document.index}, at ${time} by the node’s clock`],
    ...(domain.chainId === null ? [] : [["chain", String(domain.chainId)] as [string, string]]),
    ...(domain.contract === null ? [] : [["contract", domain.contract] as [string, string]]),
    ...(ecdsa === null ? [] : [["signer", ecdsa.signerAddr] as [string, string]]),
    ["key hash", toHex(document.keyHash)],
    ...(log === null ? [] : [["log", `${log.origin}, index ${log.index} of ${log.treeSize} entries`] as [string, string]]),
    ["receipt", toHex(document.id)],
  ];
}

/** The draw of a receipt says all that its alpha does. */
function contents(document: Document, ofDraw: boolean): [string, string][] {
  if (document.kind === "attested") {
    return [
      ["kind", "attested random bytes"],
      ["bytes", `${toHex(document.bytes)} (${document.bytes.length} bytes)`],
      ["mode", document.mode],
    ];
  }
  if (ofDraw) return [["random", toHex(document.random)]];
  const source = document.alphaSource === "client" ? "chosen by the caller" : "made from the index";
  return [
    ["kind", "verifiable randomness"],
    ["random", toHex(document.random)],
    ["alpha", `${toHex(document.alpha)}${asText(document.alpha)}, ${source}`],
  ];
}

/** Bytes as the text that they spell, if they are printable ASCII. */
function asText(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes);
  return /^[\x20-\x7e]+$/.test(text) ? ` (“${text}”)` : "";
}

function checkList(checks: Check[]): HTMLElement[] {
  const rows = checks.map(checkRow);
  const all = make("button", "button quiet small", "Show all inputs") as HTMLButtonElement;
  all.type = "button";
  all.addEventListener("click", () => {
    const details = rows.flatMap((row) => [...row.querySelectorAll("details")]);
    const open = !details.every((one) => one.open);
    for (const one of details) one.open = open;
    all.textContent = open ? "Hide all inputs" : "Show all inputs";
  });
  return [make("div", "checks-head", make("h3", "", "The checks, in order"), all), make("ol", "checks", ...rows)];
}

function checkRow({ name, outcome, detail, inputs }: Check): HTMLElement {
  const words = [
    mark(MARKS[outcome]),
    make("span", "outcome", outcome === "failed" ? "FAILED" : outcome),
    make("code", "", name),
    make("span", "detail", detail),
  ];
  const row = make("li", "");
  row.dataset["check"] = name;
  row.dataset["outcome"] = outcome;
  const entries = Object.entries(inputs);
  if (entries.length === 0) {
    row.append(make("div", "line", ...words));
    return row;
  }
  const details = make("details", "", make("summary", "line", ...words), pairs("inputs", entries));
  (details as HTMLDetailsElement).open = outcome === "failed";
  row.append(details);
  return row;
}

/** Makes a sentence of what errors and checks say. A field's name stays as it is. */
export function sentence(text: string): string {
  if (/^\w*_/.test(text)) return `${text}.`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
