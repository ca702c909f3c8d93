/** Whom to trust. A receipt brings its own keys, so that trust has to come from elsewhere. */

import { readAddress } from "./address.js";
import { fromHex } from "./bytes.js";
import { MalformedError, PinError } from "./errors.js";
import { type KeysDocument, parseKeysDocument, trustedKeyHashes } from "./keys-document.js";
import type { LogKeys } from "./log-keys.js";

/** Whom to trust. */
export type Pin =
  /** Key epochs by their hashes, which cover all their keys: 0x and 64 hexadecimal digits each. */
  | { keyHash: string | readonly string[] }
  /** The epochs and the log keys of a document of `GET /keys` that was fetched once, from a place to be trusted, and kept. */
  | { keys: string | Uint8Array | KeysDocument }
  /** An ECDSA signer alone; the other keys then count only because that signature names them. */
  | { signer: string };

/** What a pin comes down to. */
export type Trusted = { keyHashes: Uint8Array[]; log: LogKeys | null } | { signer: string } | null;

/**
 * Reads a pin; none stays none.
 *
 * @throws PinError for whatever names nobody: a pin that was meant is never taken for none
 */
export function readPin(pin: Pin | undefined): Trusted {
  if (pin === undefined) return null;
  const names = typeof pin === "object" && pin !== null ? Object.keys(pin) : [];
  if (names.length !== 1) throw new PinError("a pin has one of keyHash, keys and signer");
  if ("signer" in pin) return { signer: readSigner(pin.signer) };
  if ("keyHash" in pin) return { keyHashes: [pin.keyHash].flat().map(readKeyHash), log: null };
  if ("keys" in pin) return readKeys(pin.keys);
  throw new PinError("a pin has one of keyHash, keys and signer");
}

/** Returns the log's keys, which only a document of `GET /keys` brings. */
export function pinnedLog(trusted: Trusted): LogKeys | null {
  return trusted && "log" in trusted ? trusted.log : null;
}

function readSigner(text: string): string {
  const address = typeof text === "string" ? readAddress(text) : undefined;
  if (address === undefined) {
    throw new PinError("a signer is 0x and 40 hexadecimal digits, in mixed case with the checksum of EIP-55");
  }
  return address;
}

function readKeyHash(text: string): Uint8Array {
  const bytes = typeof text === "string" ? fromHex(text, 32) : undefined;
  if (!bytes) throw new PinError("a key hash is 0x and 64 lower-case hexadecimal digits");
  return bytes;
}

function readKeys(keys: string | Uint8Array | KeysDocument): Trusted {
  try {
    const document = typeof keys === "string" || keys instanceof Uint8Array ? parseKeysDocument(keys) : keys;
    return { keyHashes: trustedKeyHashes(document), log: document.log };
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new PinError(`this is not an answer of /v1/keys: ${error.message}`, { cause: error });
  }
}
