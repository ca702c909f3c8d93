/** The client of a node: random bytes, receipts that are verified before they are returned, public keys. */

import { readExactly, readText } from "./body.js";
import { type Attestation, type Receipt } from "./document.js";
import { MalformedError } from "./errors.js";
import { MAX_DOCUMENT_BYTES } from "./fields.js";
import { type KeysDocument, MAX_KEYS_DOCUMENT_BYTES, parseKeysDocument } from "./keys-document.js";
import { type Pin, readPin } from "./pin.js";
import { attestationRequest, type Expected, receiptRequest, type VrfRequest } from "./request.js";
import { send, type Transport } from "./transport.js";
import { accept } from "./accept.js";
import type { Report } from "./verify.js";

/** Where the node is, and how to talk to it. */
export interface Options {
  /** The gateway, such as `https://node.example` or `http://127.0.0.1:8082`. */
  baseUrl: string | URL;
  /** Sent in the header `X-API-Key`, never in an address. */
  apiKey?: string;
  /** Milliseconds for each attempt, the body included; 30 000 unless said otherwise. */
  timeoutMs?: number;
  /** How often a request that may be repeated is; 3 unless said otherwise. */
  retries?: number;
  /** Whom every receipt must be from. Without it receipts are only self-consistent. */
  pin?: Pin;
  /** Another `fetch`. */
  fetch?: typeof fetch;
}

/** Options of one call. */
export interface CallOptions {
  /** Ends the call; it then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** How far a download is. `received` goes back where a request is repeated. */
export interface Progress {
  received: number;
  total: number;
}

/** A document as the node sent it, and what verifying it found. */
export interface Answer<T> {
  /** The JSON text as it came: keep this, to verify it again anywhere. */
  json: string;
  document: T;
  /** `valid` where a pin was given, `self-consistent` otherwise; anything else is thrown. */
  report: Report;
}

/** Octets that the node gives at once; more are fetched by several requests. */
const MAX_RANDOM_BYTES = 1_000_000;

/** A client of one node. */
export class Re4ctor {
  readonly #transport: Transport;
  readonly #pin: Pin | undefined;

  /** @throws TypeError or PinError for options that cannot be meant */
  constructor(options: Options) {
    this.#transport = readTransport(options);
    readPin(options.pin);
    this.#pin = options.pin;
  }

  /**
   * Fetches `n` random bytes, any number of them: they carry no proof.
   *
   * @param n how many bytes
   * @param options a signal, and a callback that is told how far the download is
   */
  async random(
    n: number,
    options: CallOptions & { onProgress?: (progress: Progress) => void } = {},
  ): Promise<Uint8Array> {
    if (!Number.isSafeInteger(n) || n < 1) throw new RangeError("n must be a whole number of at least 1");
    const bytes = new Uint8Array(n);
    for (let at = 0; at < n; at += MAX_RANDOM_BYTES) {
      const part = bytes.subarray(at, at + MAX_RANDOM_BYTES);
      const request = { path: `/v1/random?n=${part.length}`, repeatable: true, signal: options.signal };
      await send(this.#transport, request, (response) => {
        expectType(response, "application/octet-stream");
        return readExactly(response, part, (received) => options.onProgress?.({ received: at + received, total: n }));
      });
    }
    return bytes;
  }

  /**
   * Fetches verifiable randomness. With `alpha` the output is the only one for the key and alpha, so
   * that asking again changes nothing. Without, the node uses the receipt's index: every call gets
   * another output, and a call whose answer was lost is therefore not repeated.
   *
   * @throws VerificationError where the answer does not verify or is not for this request
   */
  async vrf(request: VrfRequest & CallOptions = {}): Promise<Answer<Receipt>> {
    const { body, expected } = receiptRequest(request);
    // POST, because some connections repeat a GET by themselves.
    const sent = { path: "/v1/vrf", body, repeatable: request.alpha !== undefined, signal: request.signal };
    return this.#signed(sent, expected) as Promise<Answer<Receipt>>;
  }

  /**
   * Fetches 16 to 1000 random bytes with both signatures: attested, not unique.
   *
   * @throws VerificationError where the answer does not verify or is not for this request
   */
  async randomDual(n: number, options: CallOptions = {}): Promise<Answer<Attestation>> {
    const { path, expected } = attestationRequest(n);
    const sent = { path, repeatable: false, signal: options.signal };
    return this.#signed(sent, expected) as Promise<Answer<Attestation>>;
  }

  /** Fetches the public keys. Whoever pins them must have a reason to trust where they came from. */
  async keys(options: CallOptions = {}): Promise<{ json: string; document: KeysDocument }> {
    const request = { path: "/v1/keys", repeatable: true, signal: options.signal };
    // Gateways refuse preflights of requests with a key, and this needs none.
    const keyless = { ...this.#transport, apiKey: undefined };
    const json = await send(keyless, request, (response) => readText(response, MAX_KEYS_DOCUMENT_BYTES));
    return { json, document: parseKeysDocument(json) };
  }

  async #signed(request: Parameters<typeof send>[1], expected: Expected): Promise<Answer<Receipt | Attestation>> {
    const json = await send(this.#transport, request, (response) => readText(response, MAX_DOCUMENT_BYTES));
    return { json, ...accept(json, expected, this.#pin) };
  }
}

function readTransport(options: Options): Transport {
  const { apiKey, timeoutMs = 30_000, retries = 3 } = options;
  const url = new URL(options.baseUrl);
  if (!["http:", "https:"].includes(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new TypeError("baseUrl must be http:// or https://, without a user, a query or a fragment");
  }
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new TypeError("apiKey must be printable ASCII without spaces");
  }
  if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) throw new RangeError("timeoutMs must be between 1 and 2147483647");
  if (!Number.isInteger(retries) || retries < 0) throw new RangeError("retries must be a whole number");
  const baseUrl = url.href.replace(/\/+$/, "");
  return { baseUrl, apiKey, timeoutMs, retries, fetch: options.fetch ?? globalThis.fetch.bind(globalThis) };
}

function expectType(response: Response, type: string): void {
  const got = response.headers.get("Content-Type");
  if (got !== type) throw new MalformedError(`the answer is ${got ?? "of no type"}, not ${type}`);
}
