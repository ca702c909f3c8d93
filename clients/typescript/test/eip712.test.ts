/** The signed bytes and the key hashes: vectors of another implementation. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { addressOf, formatAddress, isAddress, readAddress } from "../src/address.js";
import { toHex } from "../src/bytes.js";
import { parsePublicKey } from "../src/ecvrf.js";
import { attestedStructHash, type Domain, receiptStructHash, separator, typedDataDigest } from "../src/eip712.js";
import { keyHash } from "../src/keys.js";
import { bytes, vectors } from "./vectors.js";

type Fields = Record<string, string> & { domain: number; schemes: number; mode: number };
interface File {
  domains: { chain_id: string | null; contract: string | null; separator: string }[];
  receipts: Fields[];
  attested: Fields[];
}

const file = vectors<File>("eip712.json");
const domains: Domain[] = file.domains.map(({ chain_id, contract }) => ({
  chainId: chain_id === null ? null : BigInt(chain_id),
  contract: contract === null ? null : formatAddress(bytes(contract)),
}));
const hash = (fields: Fields, name: string) => bytes(fields[name] as string);

test("domain separators", () => {
  assert.equal(domains.length, 6);
  domains.forEach((domain, at) => assert.equal(toHex(separator(domain)), `0x${file.domains[at]?.separator}`));
});

test("digests of receipts", () => {
  assert.equal(file.receipts.length, 18);
  for (const one of file.receipts) {
    const structHash = receiptStructHash({
      keyHash: hash(one, "key_hash"),
      index: BigInt(one["index"] as string),
      alphaHash: keccak_256(hash(one, "alpha")),
      random: hash(one, "random"),
      timestamp: BigInt(one["timestamp"] as string),
      schemes: one.schemes,
    });
    assert.equal(toHex(typedDataDigest(domains[one.domain] as Domain, structHash)), `0x${one["digest"]}`);
  }
});

test("digests of attestations", () => {
  assert.equal(file.attested.length, 18);
  for (const one of file.attested) {
    const attested = hash(one, "bytes");
    const structHash = attestedStructHash({
      keyHash: hash(one, "key_hash"),
      index: BigInt(one["index"] as string),
      bytesHash: keccak_256(attested),
      length: attested.length,
      coreHash: hash(one, "core_hash"),
      mode: one.mode,
      timestamp: BigInt(one["timestamp"] as string),
      schemes: one.schemes,
    });
    assert.equal(toHex(typedDataDigest(domains[one.domain] as Domain, structHash)), `0x${one["digest"]}`);
  }
});

interface KeyCase {
  ecvrf: { public_key: string };
  ecvrf_evm: { public_key: string };
  ecdsa: { public_key: string; address: string };
  mldsa65: { public_key_sha256: string };
  key_hash: string;
}

test("key hashes and addresses", () => {
  const { cases } = vectors<{ cases: KeyCase[] }>("keys.json");
  assert.equal(cases.length, 8);
  for (const one of cases) {
    const keys = {
      ecvrf: bytes(one.ecvrf.public_key),
      ecdsa: bytes(one.ecdsa.public_key),
      mldsa65Sha256: bytes(one.mldsa65.public_key_sha256),
      ecvrfEvmSha256: sha256(bytes(one.ecvrf_evm.public_key)),
    };
    assert.equal(toHex(keyHash(keys)), `0x${one.key_hash}`);
    assert.equal(addressOf(parsePublicKey(keys.ecdsa).toBytes(false).subarray(1)), one.ecdsa.address);
  }
});

test("addresses have one form in documents, and what people write is read", () => {
  const address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
  const lower = address.toLowerCase();
  assert.ok(isAddress(address) && !isAddress(lower) && !isAddress(address.slice(2)) && !isAddress(`${address}0`));
  assert.equal(readAddress(address), address);
  assert.equal(readAddress(lower), address);
  assert.equal(readAddress(`0x${lower.slice(2).toUpperCase()}`), address);
  for (const wrong of ["", "0x", address.replace("Aed", "AeD"), lower.slice(2), `${lower}00`, `0X${lower.slice(2)}`]) {
    assert.equal(readAddress(wrong), undefined, wrong);
  }
});
