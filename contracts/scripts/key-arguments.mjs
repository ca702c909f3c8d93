// Reads a node's /keys from standard input and prints the arguments of addKey: for the epoch with the key hash
// that is given, else for the active one, else (after a revocation) for the announced one.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const P = 2n ** 256n - 2n ** 32n - 977n;

const document = JSON.parse(readFileSync(0, "utf8"));
const named = process.argv[2];
const counts = document.epochs.filter(({ status }) => status !== "revoked");
const announced = counts.find(({ status }) => status === "announced");
const hash = named ?? document.active ?? announced?.key_hash;
const epoch = counts.find(({ key_hash }) => key_hash === hash);
if (epoch === undefined) {
  const what = hash === undefined ? "no epoch is active or announced: announce one first" : `no epoch that counts is ${hash}`;
  console.error(`${what} (docs/secrets.md, Root seed)`);
  process.exit(1);
}
const key = (wanted) => epoch.keys.find(({ use }) => use === wanted).public_key;
const bytes = (hex) => Buffer.from(hex.slice(2), "hex");
const sha256 = (data) => `0x${createHash("sha256").update(data).digest("hex")}`;

console.log(
  key("ecvrf"),
  uncompressed(key("ecdsa")),
  sha256(Buffer.from(key("mldsa65"), "base64")),
  sha256(bytes(key("ecvrf-evm"))),
);

/** Returns x ‖ y of a compressed point: y is the root of x³ + 7 with the parity that the first byte says. */
function uncompressed(point) {
  const x = BigInt(`0x${point.slice(4)}`);
  const root = power(x ** 3n + 7n, (P + 1n) / 4n);
  const y = root % 2n === BigInt(point.slice(0, 4)) % 2n ? root : P - root;
  return `0x${point.slice(4)}${y.toString(16).padStart(64, "0")}`;
}

function power(base, exponent) {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % P;
    if (bit === "1") result = (result * base) % P;
  }
  return result;
}
