// A public draw: dice, or winners among names, and the link under which anyone computes it again.
import { copy } from "./commands.js";
import { all, ask, byId, facts, make, makeSvg, sentence, working } from "./page.js";
import { checkHere } from "./verifier.js";

export function startDraw() {
  for (const radio of all('input[name="kind"]')) radio.addEventListener("change", showFields);
  byId("draw-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void working(byId("draw-ask"), draw);
  });
  byId("draw-copy").addEventListener("click", () => copy(byId("draw-link"), byId("draw-copy"), byId("draw-link").href));
  showFields();
}

const kind = () => all('input[name="kind"]').find(({ checked }) => checked).value;

function showFields() {
  for (const fields of all(".fields")) fields.hidden = fields.dataset.kind !== kind();
}

function order() {
  const label = byId("label").value.trim();
  const named = label ? { label } : {};
  if (kind() === "dice") return { kind: "dice", count: number("dice-count"), sides: number("dice-sides"), ...named };
  const participants = byId("names").value.split("\n").map((name) => name.trim()).filter(Boolean);
  return { kind: "winners", k: number("winners-k"), participants, ...named };
}

const number = (id) => Number.parseInt(byId(id).value, 10) || 0;

function wrongIn({ count, sides, k, participants, label }) {
  if (count !== undefined && !(count >= 1 && count <= 12)) return "Roll 1 to 12 dice.";
  if (sides !== undefined && !(sides >= 2 && sides <= 1000)) return "A die has 2 to 1000 sides.";
  if (participants && participants.length === 0) return "Write some names, one a line.";
  if (participants && !(k >= 1 && k <= participants.length)) return `Pick 1 to ${participants.length} of these names.`;
  if (label && !/^[\x20-\x7e]+$/.test(label)) return "The label takes letters, digits and signs of ASCII.";
  return null;
}

async function draw() {
  const wanted = order();
  const wrong = wrongIn(wanted);
  if (wrong) return say(wrong);
  say("Drawing …");
  try {
    const { text } = await ask("/v1/demo/draws", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wanted),
    });
    show(JSON.parse(text));
    await check(text).catch(notChecked);
  } catch (problem) {
    say("status" in problem ? sentence(problem) : "The answer could not be read.");
  }
}

function say(words) {
  byId("draw-public").hidden = true;
  byId("draw-result").replaceChildren(make("p", "hint", words));
}

function show({ id, draw: spec, result, participants, receipt }) {
  const shown = spec.kind === "dice" ? dice(result, spec.sides) : winners(result, participants);
  byId("draw-result").replaceChildren(shown);
  byId("draw-link").href = `/verify.html#draw=${id}`;
  byId("draw-facts").replaceChildren(...facts([
    ["draw", id],
    spec.label === undefined ? ["nonce", spec.nonce] : ["label", spec.label],
    ...(spec.participants_sha256 ? [["participants", spec.participants_sha256]] : []),
    ["random", receipt.random],
  ]));
  byId("draw-checked").className = "checked";
  byId("draw-checked").textContent = "Computing it again …";
  byId("draw-public").hidden = false;
}

// The verifier of this page computes the result again, from the receipt alone.
async function check(text) {
  const { report, ms } = await checkHere("verifyDraw", text);
  const good = report.verdict === "valid";
  byId("draw-checked").className = good ? "checked ok" : "checked down";
  byId("draw-checked").textContent = good
    ? `✓ Computed again in your browser: all ${report.checks.length} checks hold, in ${ms} ms.`
    : `✗ Not what your browser computes: ${report.failed ?? report.error.message}.`;
}

function notChecked(problem) {
  byId("draw-checked").textContent = `Not computed again here. ${"status" in problem ? sentence(problem) : "The verifier did not load."}`;
}

function dice(result, sides) {
  const row = make("ul", "dice", ...result.map((value) => make("li", "", die(value, sides))));
  const sum = result.reduce((a, b) => a + b, 0);
  return make("div", "", row, make("p", "hint small", `${result.join(" + ")} = ${sum}`));
}

// Where the pips of a die are, in a square of three by three.
const PIPS = { 1: [4], 2: [2, 6], 3: [2, 4, 6], 4: [0, 2, 6, 8], 5: [0, 2, 4, 6, 8], 6: [0, 2, 3, 5, 6, 8] };

function die(value, sides) {
  const picture = makeSvg("svg", { viewBox: "0 0 32 32", role: "img", "aria-label": String(value) });
  picture.append(makeSvg("rect", { x: 1, y: 1, width: 30, height: 30, rx: 6.5 }));
  if (sides === 6) {
    for (const at of PIPS[value] ?? []) picture.append(makeSvg("circle", { cx: 8 + 8 * (at % 3), cy: 8 + 8 * Math.floor(at / 3), r: 2.7 }));
  } else {
    picture.append(makeSvg("text", { x: 16, y: 20.5 }, String(value)));
  }
  return picture;
}

function winners(result, participants) {
  const names = result.map((at) => make("li", "", participants?.[at] ?? `number ${at + 1}`));
  return make("ol", "winners", ...names);
}
