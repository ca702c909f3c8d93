/** The signed bytes: structured data of EIP-712, so that a wallet and a contract compute the same digest. */

import { keccak_256 } from "@noble/hashes/sha3.js";

import { addressBytes } from "./address.js";
import { ascii, bigEndian, concat } from "./bytes.js";

/** Where a signature counts: everywhere, on one chain, or for one contract on one chain. */
export interface Domain {
  chainId: bigint | null;
  /** The address with the checksum of EIP-55. */
  contract: string | null;
}

/** `R4Receipt`, the structure that is signed for a VRF receipt. */
export interface ReceiptFields {
  keyHash: Uint8Array;
  index: bigint;
  alphaHash: Uint8Array;
  random: Uint8Array;
  timestamp: bigint;
  schemes: number;
}

/** `R4Attested`, the structure that is signed for attested random bytes. */
export interface AttestedFields {
  keyHash: Uint8Array;
  index: bigint;
  bytesHash: Uint8Array;
  length: number;
  coreHash: Uint8Array;
  mode: number;
  timestamp: bigint;
  schemes: number;
}

const RECEIPT_TYPE =
  "R4Receipt(bytes32 keyHash,uint64 index,bytes32 alphaHash,bytes32 random,uint64 timestamp,uint8 schemes)";
const ATTESTED_TYPE =
  "R4Attested(bytes32 keyHash,uint64 index,bytes32 bytesHash,uint32 length,bytes32 coreHash,uint8 mode,uint64 timestamp,uint8 schemes)";

/** Computes the domain separator, `hashStruct(eip712Domain)`. The type has only the fields that are there. */
export function separator({ chainId, contract }: Domain): Uint8Array {
  let kind = "EIP712Domain(string name,string version";
  const members: Uint8Array[] = [keccak_256(ascii("Re4ctoR")), keccak_256(ascii("1"))];
  if (chainId !== null) {
    kind += ",uint256 chainId";
    members.push(word(chainId));
  }
  if (contract !== null) {
    kind += ",address verifyingContract";
    members.push(concat(new Uint8Array(12), addressBytes(contract)));
  }
  return hashStruct(`${kind})`, members);
}

/** Computes `hashStruct` of an `R4Receipt`. */
export function receiptStructHash(fields: ReceiptFields): Uint8Array {
  return hashStruct(RECEIPT_TYPE, [
    fields.keyHash, word(fields.index), fields.alphaHash, fields.random, word(fields.timestamp), word(fields.schemes),
  ]);
}

/** Computes `hashStruct` of an `R4Attested`. */
export function attestedStructHash(fields: AttestedFields): Uint8Array {
  return hashStruct(ATTESTED_TYPE, [
    fields.keyHash, word(fields.index), fields.bytesHash, word(fields.length),
    fields.coreHash, word(fields.mode), word(fields.timestamp), word(fields.schemes),
  ]);
}

/** `keccak256(0x1901 ‖ domainSeparator ‖ hashStruct(message))`. */
export function typedDataDigest(domain: Domain, structHash: Uint8Array): Uint8Array {
  return keccak_256(concat(Uint8Array.of(0x19, 0x01), separator(domain), structHash));
}

/** `keccak256(typeHash ‖ encodeData)`. */
function hashStruct(kind: string, members: Uint8Array[]): Uint8Array {
  return keccak_256(concat(keccak_256(ascii(kind)), ...members));
}

function word(number: bigint | number): Uint8Array {
  return bigEndian(BigInt(number), 32);
}
