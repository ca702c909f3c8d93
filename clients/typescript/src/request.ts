/** What is asked for, and what an answer to it must therefore say. */

import { readAddress } from "./address.js";
import { MAX_ALPHA_BYTES } from "./alpha.js";
import { fromHex, toHex } from "./bytes.js";
import type { Require } from "./checks.js";
import type { Domain } from "./eip712.js";
import { DUAL, ECDSA, MLDSA, type Schemes } from "./schemes.js";

/** What to ask `/vrf` for. */
export interface VrfRequest {
  /** Your input, 1 to 1024 bytes: octets, or 0x and hexadecimal digits. Without it the node uses the index. */
  alpha?: Uint8Array | `0x${string}`;
  /** Which signatures; both unless said otherwise. */
  sig?: "dual" | "ecdsa" | "mldsa65";
  /** The chain that the signatures are to count on: a number only up to 2^53 - 1. */
  chainId?: bigint | number | string;
  /** The contract that they are to count for; needs `chainId`. */
  contract?: string;
  /** `evm` adds what a contract takes. */
  format?: "json" | "evm";
}

/** What an answer must say to be one to the request. */
export interface Expected {
  kind: "vrf" | "attested";
  require: Require;
  schemes: Schemes;
  domain: Domain;
  /** Null where the index makes it. */
  alpha: Uint8Array | null;
  evm: boolean;
  /** The number of attested bytes. */
  length: number;
}

const SCHEMES: Record<Require, Schemes> = { dual: DUAL, ecdsa: ECDSA, mldsa65: MLDSA };

/** Writes the body of a request of `/vrf`. */
export function receiptRequest(request: VrfRequest): { body: Record<string, string>; expected: Expected } {
  const { sig = "dual", format = "json" } = request;
  if (!Object.hasOwn(SCHEMES, sig)) throw new TypeError("sig must be dual, ecdsa or mldsa65");
  if (format !== "json" && format !== "evm") throw new TypeError("format must be json or evm");
  const alpha = request.alpha === undefined ? null : readAlpha(request.alpha);
  const domain = readDomain(request);
  const body: Record<string, string> = { sig };
  if (alpha) body["alpha"] = toHex(alpha);
  if (domain.chainId !== null) body["chain_id"] = domain.chainId.toString();
  if (domain.contract !== null) body["contract"] = domain.contract;
  if (format === "evm") body["format"] = format;
  const evm = format === "evm";
  return { body, expected: { kind: "vrf", require: sig, schemes: SCHEMES[sig], domain, alpha, evm, length: 0 } };
}

/** Writes the path of a request of `/random_dual`. */
export function attestationRequest(n: number): { path: string; expected: Expected } {
  if (!Number.isInteger(n) || n < 16 || n > 1000) throw new RangeError("n must be a whole number from 16 to 1000");
  const domain = { chainId: null, contract: null };
  const expected = { kind: "attested", require: "dual", schemes: DUAL, domain, alpha: null, evm: false, length: n } as const;
  return { path: `/v1/random_dual?n=${n}`, expected };
}

function readAlpha(alpha: Uint8Array | string): Uint8Array {
  const bytes = typeof alpha === "string" ? fromHex(alpha.toLowerCase()) : alpha;
  if (!(bytes instanceof Uint8Array)) throw new TypeError("alpha must be a Uint8Array, or 0x and hexadecimal digits");
  if (bytes.length < 1 || bytes.length > MAX_ALPHA_BYTES) throw new RangeError("alpha must have 1 to 1024 bytes");
  return bytes;
}

function readDomain({ chainId: chain, contract }: VrfRequest): Domain {
  const chainId = chain === undefined ? null : readChain(chain);
  if (contract === undefined) return { chainId, contract: null };
  if (chainId === null) throw new TypeError("contract needs chainId");
  const address = readAddress(contract);
  if (address === undefined) throw new TypeError("contract must be an address, in mixed case with the checksum of EIP-55");
  return { chainId, contract: address };
}

function readChain(chain: bigint | number | string): bigint {
  if (typeof chain === "number" && !Number.isSafeInteger(chain)) {
    throw new TypeError("chainId must be a safe integer where it is a number; a larger one is a bigint or decimal text");
  }
  const text = String(chain);
  if (!/^(?:0|[1-9][0-9]{0,19})$/.test(text) || BigInt(text) >= 2n ** 64n) {
    throw new TypeError("chainId must be a whole number of 64 bits");
  }
  return BigInt(text);
}
