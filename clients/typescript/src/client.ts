/** The client of a node: random bytes, receipts that are verified before they are returned, public keys. */

import { readExactly, readText } from "./body.js";
import { fromHex } from "./bytes.js";
import { type Checkpoint, MAX_CHECKPOINT_BYTES } from "./checkpoint.js";
import type { Require } from "./checks.js";
import { type Attestation, type Receipt } from "./document.js";
import { MAX_DRAW_BYTES } from "./draw-document.js";
import { type DrawOrder, drawRequest } from "./draw-order.js";
import { MalformedError } from "./errors.js";
import { MAX_DOCUMENT_BYTES } from "./fields.js";
import { type KeysDocument, MAX_KEYS_DOCUMENT_BYTES, parseKeysDocument } from "./keys-document.js";
import type { LogKeys } from "./log-keys.js";
import { type Pin, pinnedLog, readPin } from "./pin.js";
import { attestationRequest, type Expected, receiptRequest, type VrfRequest } from "./request.js";
import { send, type Transport } from "./transport.js";
import { accept, type AcceptedDraw, acceptCheckpoint, acceptDraw, acceptReceipt } from "./accept.js";
import { MAX_USAGE_BYTES, parseUsage, type Usage } from "./usage.js";
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

/** A draw as the node sent it, and what verifying it found. */
export interface DrawAnswer extends AcceptedDraw {
  /** The JSON text as it came: keep this, to verify it again anywhere. */
  json: string;
}

/** A checkpoint as the node sent it. */
export interface SignedText {
  /** The signed note as it came. */
  text: string;
  checkpoint: Checkpoint;
  /** Whether the log's signatures were verified, which takes its keys. */
  verified: boolean;
}

/** Octets that the node gives at once; more are fetched by several requests. */
const MAX_RANDOM_BYTES = 1_000_000;

/** A client of one node. */
export class Re4ctor {
  readonly #transport: Transport;
  readonly #pin: Pin | undefined;
  readonly #logKeys: LogKeys | null;

  /** @throws TypeError or PinError for options that cannot be meant */
  constructor(options: Options) {
    this.#transport = readTransport(options);
    this.#logKeys = pinnedLog(readPin(options.pin));
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

  /**
   * Fetches a receipt of the node's log again, with a proof against the newest checkpoint.
   *
   * @param id its id: 0x and 64 hexadecimal digits
   * @param options a signal, and the signatures that it must have; both unless said otherwise
   * @throws VerificationError where the answer does not verify or is another receipt
   */
  async receipt(id: string, options: CallOptions & { require?: Require } = {}): Promise<Answer<Receipt>> {
    const bytes = readId(id);
    const json = await this.#public(`/v1/receipts/${id}`, MAX_DOCUMENT_BYTES, options);
    return { json, ...acceptReceipt(json, bytes, { pin: this.#pin, require: options.require }) };
  }

  /**
   * Orders a draw: the node makes it from one output of the VRF, so that anybody can make it again.
   *
   * Announce the label beforehand, with something in it that nobody can know yet, such as a later block
   * hash: whoever may ask the node can try labels until one pleases. Without a label the node chooses a
   * nonce. Participants and weights that are given here become public.
   *
   * @param order what to draw
   * @param options a signal, and the request's name: sent again with it, it gets the first answer again, and is
   * charged once; without it there is a random one for each call
   * @throws VerificationError where the answer does not verify or is not for this order
   */
  async draw(order: DrawOrder, options: CallOptions & { idempotencyKey?: string } = {}): Promise<DrawAnswer> {
    const { body, expected } = drawRequest(order);
    const { signal, idempotencyKey } = options;
    if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
      throw new TypeError("idempotencyKey must be 1 to 255 printable ASCII characters without spaces");
    }
    const request = { path: "/v1/draws", body, repeatable: true, idempotencyKey, signal };
    const json = await send(this.#transport, request, (response) => readText(response, MAX_DRAW_BYTES));
    return { json, ...acceptDraw(json, expected, this.#pin) };
  }

  /**
   * Fetches a draw again.
   *
   * @param id its id: 0x and 64 hexadecimal digits
   * @throws VerificationError where the answer does not verify or is another draw
   */
  async drawn(id: string, options: CallOptions = {}): Promise<DrawAnswer> {
    const bytes = readId(id);
    const json = await this.#public(`/v1/draws/${id}`, MAX_DRAW_BYTES, options);
    return { json, ...acceptDraw(json, bytes, this.#pin) };
  }

  /** Fetches what the key has used and has left. */
  async usage(options: CallOptions = {}): Promise<Usage> {
    const request = { path: "/v1/usage", repeatable: true, signal: options.signal };
    return parseUsage(await send(this.#transport, request, (response) => readText(response, MAX_USAGE_BYTES)));
  }

  /**
   * Fetches the log's newest checkpoint. Where the pin brings the log's keys it is verified first; the
   * signatures of witnesses are not.
   *
   * @throws VerificationError where it is not signed with both keys of the log
   */
  async checkpoint(options: CallOptions = {}): Promise<SignedText> {
    const text = await this.#public("/v1/log/checkpoint", MAX_CHECKPOINT_BYTES, options);
    const { origin, size, root } = acceptCheckpoint(text, this.#logKeys);
    return { text, checkpoint: { origin, size, root }, verified: this.#logKeys !== null };
  }

  /** Fetches the public keys. Whoever pins them must have a reason to trust where they came from. */
  async keys(options: CallOptions = {}): Promise<{ json: string; document: KeysDocument }> {
    const json = await this.#public("/v1/keys", MAX_KEYS_DOCUMENT_BYTES, options);
    return { json, document: parseKeysDocument(json) };
  }

  async #public(path: string, limit: number, { signal }: CallOptions): Promise<string> {
    // Gateways refuse preflights of requests with a key, and this needs none.
    const keyless = { ...this.#transport, apiKey: undefined };
    return send(keyless, { path, repeatable: true, signal }, (response) => readText(response, limit));
  }

  async #signed(request: Parameters<typeof send>[1], expected: Expected): Promise<Answer<Receipt | Attestation>> {
    const json = await send(this.#transport, request, (response) => readText(response, MAX_DOCUMENT_BYTES));
    return { json, ...accept(json, expected, this.#pin) };
  }
}

function readId(id: string): Uint8Array {
  const bytes = typeof id === "string" ? fromHex(id, 32) : undefined;
  if (!bytes) throw new TypeError("id must be 0x and 64 lower-case hexadecimal digits");
  return bytes;
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
