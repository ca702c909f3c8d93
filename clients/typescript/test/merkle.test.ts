/** The tree of the log: known hashes, and every proof of small trees. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { toHex } from "../src/bytes.js";
import { leafHash, verifyInclusion } from "../src/merkle.js";
import { Refusal } from "../src/refusal.js";
import { pathOf, rootOf, sha256 } from "./log.js";
import { bytes } from "./vectors.js";

/** The leaves and roots that the implementations of RFC 6962 test with. */
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"].map(bytes);
const ROOTS = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
].map(bytes);
const SIXTH_OF_EIGHT = [
  "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
  "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
].map(bytes);

const refused = (says: RegExp) => (error: unknown) => error instanceof Refusal && says.test(error.message);

test("known roots and a known proof", () => {
  assert.equal(toHex(leafHash(new Uint8Array())), toHex(ROOTS[0] as Uint8Array));
  for (const [at, root] of ROOTS.entries()) assert.equal(toHex(rootOf(LEAVES.slice(0, at + 1))), toHex(root));
  const [leaf, root] = [leafHash(LEAVES[5] as Uint8Array), ROOTS[7] as Uint8Array];
  verifyInclusion(leaf, 5n, 8n, SIXTH_OF_EIGHT, root);
  assert.throws(() => verifyInclusion(leaf, 4n, 8n, SIXTH_OF_EIGHT, root), refused(/lead to the root/));
});

test("every leaf of every small tree is in it, at its own place alone", () => {
  const leaves = Array.from({ length: 40 }, (_, at) => Uint8Array.of(at));
  for (let size = 1; size <= leaves.length; size += 1) {
    const tree = leaves.slice(0, size);
    const root = rootOf(tree);
    for (const [at, entry] of tree.entries()) {
      const leaf = leafHash(entry);
      const proof = pathOf(at, tree);
      verifyInclusion(leaf, BigInt(at), BigInt(size), proof, root);
      assert.throws(() => verifyInclusion(leaf, BigInt(at + 1), BigInt(size), proof, root), Refusal, `${at} of ${size}`);
      assert.throws(() => verifyInclusion(sha256(leaf), BigInt(at), BigInt(size), proof, root), refused(/lead to the root/));
    }
  }
});

test("each hash of a proof counts, and so does their number", () => {
  const tree = Array.from({ length: 23 }, (_, at) => Uint8Array.of(at));
  const root = rootOf(tree);
  for (const at of [0, 7, 15, 16, 21, 22]) {
    const leaf = leafHash(tree[at] as Uint8Array);
    const proof = pathOf(at, tree);
    const verify = (changed: Uint8Array[]) => () => verifyInclusion(leaf, BigInt(at), 23n, changed, root);
    for (const [one, hash] of proof.entries()) {
      assert.throws(verify(proof.with(one, sha256(hash))), refused(/lead to the root/));
      assert.throws(verify(proof.toSpliced(one, 1)), refused(/does not have/));
      assert.throws(verify(proof.toSpliced(one, 0, hash)), refused(/does not have/));
    }
    assert.throws(verify([...proof, root]), refused(/does not have/));
    assert.throws(verify([]), refused(/does not have 0 hashes/));
  }
});

test("trees of one leaf, of none, and as large as there can be", () => {
  const leaf = leafHash(Uint8Array.of(1));
  verifyInclusion(leaf, 0n, 1n, [], leaf);
  assert.throws(() => verifyInclusion(leaf, 0n, 0n, [], leaf), refused(/a tree of 0 leaves has no leaf 0/));
  assert.throws(() => verifyInclusion(leaf, 1n, 1n, [], leaf), refused(/has no leaf 1/));
  const size = 2n ** 64n - 1n;
  const beside = Array.from({ length: 64 }, (_, at) => sha256(Uint8Array.of(at)));
  const root = beside.reduce((hash, one) => sha256(Uint8Array.of(1), hash, one), leaf);
  verifyInclusion(leaf, 0n, size, beside, root);
  assert.throws(() => verifyInclusion(leaf, 0n, size, beside.slice(1), root), refused(/does not have 63/));
});
