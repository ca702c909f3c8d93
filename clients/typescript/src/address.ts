/** Ethereum addresses: the last 20 bytes of the Keccak-256 of a public key, written as EIP-55 has it. */

import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { keccak_256 } from "@noble/hashes/sha3.js";

/** Writes 20 bytes with the checksum of EIP-55. */
export function formatAddress(bytes: Uint8Array): string {
  const digits = bytesToHex(bytes);
  const hash = bytesToHex(keccak_256(utf8ToBytes(digits)));
  const cased = [...digits].map((digit, at) => (hash.charAt(at) >= "8" ? digit.toUpperCase() : digit));
  return `0x${cased.join("")}`;
}

/** Says whether a text is an address in its one form, with the checksum of EIP-55. */
export function isAddress(text: string): boolean {
  return /^0x[0-9a-fA-F]{40}$/.test(text) && formatAddress(addressBytes(text)) === text;
}

/**
 * Reads what a person writes: letters of one case carry no checksum, in mixed case it must be right.
 * Returns the form with the checksum.
 */
export function readAddress(text: string): string | undefined {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return undefined;
  const digits = text.slice(2);
  const oneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  const address = formatAddress(addressBytes(text));
  return oneCase || address === text ? address : undefined;
}

/** Returns the 20 bytes of an address. */
export function addressBytes(address: string): Uint8Array {
  return hexToBytes(address.slice(2).toLowerCase());
}

/** Returns the address of a public key, given as its coordinates x ‖ y. */
export function addressOf(coordinates: Uint8Array): string {
  return formatAddress(keccak_256(coordinates).subarray(12));
}
