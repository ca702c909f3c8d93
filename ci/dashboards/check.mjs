// Checks dashboards against Grafana's types (schema.ts) by the TypeScript compiler, and that broken
// ones are refused by it. Usage: node check.mjs FILE…
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const here = import.meta.dirname;
const files = process.argv.slice(2);

// One thing of each kind that Grafana would drop, ignore or show wrongly, made of a good dashboard.
const first = (board, kind) => board.panels.find((panel) => panel.type === kind);
const faults = {
  "a field of a dashboard that there is not": (board) => (board.panelz = []),
  "a field of a panel that there is not": (board) => (first(board, "timeseries").titel = "x"),
  "a panel without a place": (board) => delete first(board, "stat").gridPos,
  "a place in words": (board) => (first(board, "stat").gridPos.w = "3"),
  "a kind of panel that there is not": (board) => (first(board, "timeseries").type = "graph"),
  "an option of another kind of panel": (board) => (first(board, "timeseries").options.graphMode = "none"),
  "a word that is no choice": (board) => (first(board, "stat").options.colorMode = "backgroundd"),
  "a style that there is not": (board) => (first(board, "timeseries").fieldConfig.defaults.custom.drawStyle = "dots"),
  "a threshold without a colour": (board) => delete first(board, "stat").fieldConfig.defaults.thresholds.steps[0].color,
  "a question without an expression": (board) => delete first(board, "timeseries").targets[0].expr,
  "a question to nobody": (board) => delete first(board, "timeseries").targets[0].datasource,
  "another source of data": (board) => (first(board, "table").datasource.uid = "loki"),
  "a row that is no row": (board) => delete first(board, "row").panels,
};

function problemsOf(board) {
  const problems = [];
  const taken = new Set();
  const ids = board.panels.map((panel) => panel.id);
  if (new Set(ids).size !== ids.length) problems.push("two panels have one id");
  for (const { title, gridPos, targets } of board.panels) {
    if (gridPos.x + gridPos.w > 24) problems.push(`${title}: wider than the page`);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        if (taken.has(`${x},${y}`)) problems.push(`${title}: over another panel`);
        taken.add(`${x},${y}`);
      }
    }
    const letters = (targets ?? []).map((target) => target.refId);
    if (new Set(letters).size !== letters.length) problems.push(`${title}: two questions have one refId`);
  }
  return [...new Set(problems)];
}

const work = mkdtempSync(join(here, "node_modules", ".check-"));
process.on("exit", () => rmSync(work, { recursive: true }));
const written = [];
function write(name, board) {
  const path = join(work, `${name}.ts`);
  const json = JSON.stringify(board, null, 1);
  writeFileSync(path, `import type { Checked } from "../../schema.ts";\nexport const board: Checked = ${json};\n`);
  written.push(path);
}

const boards = files.map((file) => [basename(file, ".json"), JSON.parse(readFileSync(file, "utf8"))]);
const kinds = ["row", "stat", "table", "timeseries"];
const [, sample] = boards.find(([, board]) => kinds.every((kind) => first(board, kind)));
for (const [name, board] of boards) write(name, board);
const broken = Object.keys(faults);
broken.forEach((fault, number) => {
  const board = structuredClone(sample);
  faults[fault](board);
  write(`broken${number}`, board);
});

const options = "--ignoreConfig --noEmit --strict --target es2022 --module nodenext --allowImportingTsExtensions --pretty false";
const tsc = spawnSync(join(here, "node_modules/.bin/tsc"), [...options.split(" "), ...written], { encoding: "utf8", cwd: here });
if (tsc.error) throw tsc.error;

// An error outside the broken ones is a failure, one in the types themselves, too.
const refused = new Set();
const failures = [];
for (const line of tsc.stdout.split("\n").filter((line) => line.includes("error TS"))) {
  const number = /\/broken(\d+)\.ts\(/.exec(line)?.[1];
  if (number === undefined) failures.push(line);
  else refused.add(broken[number]);
}
for (const fault of broken) if (!refused.has(fault)) failures.push(`not refused: ${fault}`);
for (const [name, board] of boards) for (const problem of problemsOf(board)) failures.push(`${name}: ${problem}`);
if (new Set(boards.map(([, board]) => board.uid)).size !== boards.length) failures.push("two dashboards have one uid");
for (const failure of failures) console.error(failure);
console.log(`${boards.length} dashboards checked, ${refused.size} broken ones refused, ${failures.length} failures`);
process.exitCode = failures.length === 0 ? 0 : 1;
