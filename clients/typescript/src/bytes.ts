/** Octets in the forms that documents have: each value in one form, every other refused. */

import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

export const concat = concatBytes;
export const ascii = utf8ToBytes;

/** Writes 0x and lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}

/** Reads 0x and lower-case hexadecimal digits of whole octets, `length` of them where it is given. */
export function fromHex(text: string, length?: number): Uint8Array | undefined {
  if (!/^0x(?:[0-9a-f]{2})*$/.test(text)) return undefined;
  if (length !== undefined && text.length !== 2 + 2 * length) return undefined;
  return hexToBytes(text.slice(2));
}

/** Reads base64 (RFC 4648 §4) with its padding and with zeros in the unused bits. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const binary = atob(text);
  if (btoa(binary) !== text) return undefined;
  return Uint8Array.from(binary, (octet) => octet.charCodeAt(0));
}

/** Says whether two public values are the same. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, at) => octet === b[at]);
}

/** Writes a number as `length` octets, big-endian. */
export function bigEndian(number: bigint, length: number): Uint8Array {
  return hexToBytes(number.toString(16).padStart(2 * length, "0"));
}

/** Reads a big-endian number. */
export function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x0${bytesToHex(bytes)}`);
}
