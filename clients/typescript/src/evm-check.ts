/** The check of what a contract takes: it is made again of the other fields and compared. */

import { sha256 } from "@noble/hashes/sha2.js";

import { concat, equal, toHex } from "./bytes.js";
import { type Check, check } from "./check.js";
import type { Evm, Receipt } from "./document.js";
import { evmCall, evmProof } from "./evm.js";
import { attempt, Refusal } from "./refusal.js";

/** Checks `vrf.evm_proof` and `evm_call`; no check where a receipt has neither. */
export function evmCheck(receipt: Receipt, keyHash: Uint8Array): Check[] {
  const stated = receipt.evm;
  if (!stated) return [];
  const right = attempt(() => evmOf(receipt, keyHash));
  const refused = right instanceof Refusal;
  return [
    check("evm", refused ? right.message : wrong(stated, right), "what a contract takes is that of this receipt", {
      evm_proof: toHex(stated.proof),
      recomputed_proof: refused ? right.message : toHex(right.proof),
      evm_call_sha256: callHash(stated),
      recomputed_call_sha256: refused ? right.message : callHash(right),
    }),
  ];
}

function evmOf(receipt: Receipt, keyHash: Uint8Array): Evm {
  const { ecdsa, domain, vrfPublicKey: publicKey } = receipt;
  const proof = evmProof(publicKey, receipt.alpha, receipt.proof);
  if (!ecdsa || domain.contract === null) return { proof, call: null };
  const signature = concat(ecdsa.r, ecdsa.s, Uint8Array.of(ecdsa.v));
  return { proof, call: evmCall({ ...receipt, keyHash, signature, publicKey, proof }) };
}

function wrong(stated: Evm, right: Evm): string | null {
  if (!equal(stated.proof, right.proof)) return "vrf.evm_proof is not the form of this proof";
  if (!stated.call && !right.call) return null;
  if (!stated.call) return "evm_call is missing, although there is a contract to call";
  if (!right.call) return "evm_call needs a contract in domain and an ECDSA signature";
  return equal(stated.call, right.call) ? null : "evm_call is not the call for this receipt";
}

function callHash({ call }: Evm): string {
  return call ? toHex(sha256(call)) : "none";
}
