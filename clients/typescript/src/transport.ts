/**
 * Requests: one deadline for each attempt, and repeating what may be repeated.
 *
 * A request that uses up an index of the node is not repeatable: it is sent again only where it is
 * certain that the node did nothing with it, which is a 429 or a connection that never came about.
 */

import { bytesToHex } from "@noble/hashes/utils.js";

import { ApiError, NetworkError, Re4ctorError, TimeoutError } from "./errors.js";
import { apiError } from "./problem.js";

/** Where requests go and how patiently. */
export interface Transport {
  baseUrl: string;
  apiKey: string | undefined;
  timeoutMs: number;
  retries: number;
  fetch: typeof fetch;
}

/** One request. */
export interface Request {
  path: string;
  /** The JSON body of a POST; without it the request is a GET. */
  body?: unknown;
  /** Whether a second one does no harm when the first was answered and the answer lost. */
  repeatable: boolean;
  /** The name under which the node answers a POST once; a repeatable one gets a random name without it. */
  idempotencyKey?: string | undefined;
  signal: AbortSignal | undefined;
}

const PASSING = [408, 429, 502, 503, 504];
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;
const LONGEST_RETRY_AFTER_SECONDS = 60;
/** Causes of which it is certain that nothing was sent. */
const NEVER_CONNECTED = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"];

/** Sends a request until it is answered; `read` takes what it needs of a good answer. */
export async function send<T>(
  transport: Transport,
  request: Request,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const named = { ...request, idempotencyKey: nameOf(request) };
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await sendOnce(transport, named, read);
    } catch (error) {
      const pauseMs = attempt < transport.retries ? pauseBefore(error, attempt, request.repeatable) : null;
      if (pauseMs === null) throw error;
      await pause(pauseMs, request.signal);
    }
  }
}

async function sendOnce<T>(
  transport: Transport,
  request: Request,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  request.signal?.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), transport.timeoutMs);
  const signal = AbortSignal.any(request.signal ? [request.signal, deadline.signal] : [deadline.signal]);
  try {
    const { fetch } = transport;
    const response = await fetch(transport.baseUrl + request.path, { ...init(transport, request), signal });
    if (!response.ok) throw await apiError(response);
    return await read(response);
  } catch (error) {
    request.signal?.throwIfAborted();
    if (deadline.signal.aborted) {
      throw new TimeoutError(`${request.path}: no whole answer within ${transport.timeoutMs} ms`, { cause: error });
    }
    if (error instanceof Re4ctorError) throw error;
    throw new NetworkError(`${transport.baseUrl}${request.path}: ${reason(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Names a POST that may be repeated, so that it is charged once, and a draw is drawn once. */
function nameOf({ body, repeatable, idempotencyKey }: Request): string | undefined {
  if (idempotencyKey !== undefined || body === undefined || !repeatable) return idempotencyKey;
  return bytesToHex(crypto.getRandomValues(new Uint8Array(16)));
}

function init({ apiKey }: Transport, { body, idempotencyKey }: Request): RequestInit {
  const headers = new Headers();
  if (idempotencyKey !== undefined) headers.set("Idempotency-Key", idempotencyKey);
  if (apiKey !== undefined) headers.set("X-API-Key", apiKey);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  // A redirect would take the key to another place.
  const common = { headers, redirect: "error", cache: "no-store", credentials: "omit" } as const;
  return body === undefined ? common : { ...common, method: "POST", body: JSON.stringify(body) };
}

/** How long to wait before another attempt; null where there must be none. */
function pauseBefore(error: unknown, attempt: number, repeatable: boolean): number | null {
  if (!isTransient(error) || !(repeatable || wasNotProcessed(error))) return null;
  const asked = error instanceof ApiError ? error.retryAfterSeconds : null;
  if (asked !== null) return asked <= LONGEST_RETRY_AFTER_SECONDS ? 1000 * asked : null;
  return Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
}

function isTransient(error: unknown): boolean {
  if (error instanceof ApiError) return isInProgress(error) || (PASSING.includes(error.status) && error.kind !== "quota-exceeded");
  return error instanceof TimeoutError || error instanceof NetworkError;
}

function wasNotProcessed(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 429 || isInProgress(error);
  return error instanceof NetworkError && NEVER_CONNECTED.includes(code(error.cause) ?? "");
}

/** Says whether an earlier attempt of the same name is still under way. */
function isInProgress({ kind }: ApiError): boolean {
  return kind === "idempotency-in-progress";
}

/** The system's name for what happened; Node's fetch has it in the cause of a `TypeError`. */
function code(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const named = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof named === "string" ? named : undefined;
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const [name, message] = [code(error), cause instanceof Error ? cause.message : String(cause)];
  if (name === undefined || message.includes(name)) return message;
  return message === "" ? name : `${message} (${name})`;
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }
    function aborted() {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
