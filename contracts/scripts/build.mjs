// Compiles src/ and examples/ to artifacts/, one JSON file for each deployable contract.
//
//   node scripts/build.mjs             writes the artifacts
//   node scripts/build.mjs --check     compares them with what the sources compile to
//   --sources DIR                      a folder with src/, examples/ (and node_modules/, if its own)
//   --out DIR                          where the artifacts are (by default DIR/artifacts of this folder)
//
// All sources are always compiled together, under the same names and without metadata, so that the
// same sources give the same bytes on every machine.

import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import solc from "solc";

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    sources: { type: "string", default: home },
    out: { type: "string", default: join(home, "artifacts") },
  },
});

const settings = {
  viaIR: true,
  optimizer: { enabled: true, runs: 1_000_000 },
  evmVersion: "osaka",
  metadata: { appendCBOR: false, bytecodeHash: "none" },
  outputSelection: {
    "*": {
      "": ["ast"],
      "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences"],
    },
  },
};

const artifacts = artifactsOf(compile());
if (options.check) check(artifacts);
else write(artifacts);

function compile() {
  const input = { language: "Solidity", sources: ownSources(), settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  for (const error of output.errors ?? []) console.error(error.formattedMessage);
  if (output.errors?.length) fail("the compiler said the above; a warning counts as an error");
  return output;
}

function ownSources() {
  const names = ["src", "examples"].flatMap((folder) => {
    const path = join(options.sources, folder);
    return existsSync(path) ? readdirSync(path).sort().map((file) => `${folder}/${file}`) : [];
  });
  const solidity = names.filter((name) => name.endsWith(".sol"));
  return Object.fromEntries(solidity.map((name) => [name, { content: readFileSync(join(options.sources, name), "utf8") }]));
}

function findImport(name) {
  for (const folder of [options.sources, home]) {
    const path = join(folder, "node_modules", name);
    if (existsSync(path)) return { contents: readFileSync(path, "utf8") };
  }
  return { error: `no such file: ${name}` };
}

function artifactsOf({ contracts, sources }) {
  const found = new Map();
  for (const [file, { ast }] of Object.entries(sources)) {
    for (const node of ast.nodes) {
      const own = file.startsWith("src/") || file.startsWith("examples/");
      if (!own || node.contractKind !== "contract" || node.abstract) continue;
      found.set(`${node.name}.json`, `${JSON.stringify(artifact(node.name, contracts[file][node.name]), null, 1)}\n`);
    }
  }
  return found;
}

function artifact(contractName, { abi, evm }) {
  const { object, immutableReferences } = evm.deployedBytecode;
  return {
    contractName,
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${object}`,
    // Where the constructor writes the values of immutables, which are zero in deployedBytecode.
    immutableReferences: Object.values(immutableReferences ?? {}).flat(),
  };
}

function write(artifacts) {
  mkdirSync(options.out, { recursive: true });
  for (const [file, text] of artifacts) writeFileSync(join(options.out, file), text);
  console.log(`${artifacts.size} artifacts in ${options.out}`);
}

function check(artifacts) {
  const committed = existsSync(options.out) ? readdirSync(options.out) : [];
  const stale = committed.filter((file) => !artifacts.has(file)).map((file) => `${file}: no source makes it`);
  for (const [file, text] of artifacts) {
    if (!committed.includes(file)) stale.push(`${file}: missing`);
    else if (readFileSync(join(options.out, file), "utf8") !== text) stale.push(`${file}: not what the sources compile to`);
  }
  if (stale.length) fail(`${stale.join("\n")}\nrun: npm run build`);
  console.log(`${artifacts.size} artifacts are what the sources compile to`);
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
