/** What can go wrong. Every error of this package is a {@link Re4ctorError}. */

import type { Report } from "./verify.js";
import type { DrawReport } from "./verify-draw.js";

/** The class that all errors of this package have in common. */
export class Re4ctorError extends Error {
  override name = "Re4ctorError";
}

/** A document that is not one: the text as a whole, or a field of it, has another form than the one accepted. */
export class MalformedError extends Re4ctorError {
  override name = "MalformedError";

  /**
   * @param message what is wrong
   * @param field the field at fault with its parents' names before a full stop, or null
   */
  constructor(
    message: string,
    readonly field: string | null = null,
  ) {
    super(message);
  }
}

/** A pin that names nobody: no key hash, no address, no document of `/keys`. */
export class PinError extends Re4ctorError {
  override name = "PinError";
}

/** An answer that must not be used: a check failed, or it answers another request than the one made. */
export class VerificationError extends Re4ctorError {
  override name = "VerificationError";

  /**
   * @param message what is wrong
   * @param report every check of a document that was made; null where the answer is a checkpoint
   */
  constructor(
    message: string,
    readonly report: Report | DrawReport | null,
  ) {
    super(message);
  }
}

/** The node answered with an error: a problem document (RFC 9457), as far as it was one. */
export class ApiError extends Re4ctorError {
  override name = "ApiError";
  /** The HTTP status. */
  readonly status: number;
  /** The stable name of the problem, such as `/errors/rate-limited`; `about:blank` if there was none. */
  readonly type: string;
  /** The sentence for people. */
  readonly detail: string;
  /** `X-Request-Id`, under which the node's log has the cause. */
  readonly requestId: string | null;
  /** Seconds to wait that the node asked for. */
  readonly retryAfterSeconds: number | null;

  constructor(problem: {
    status: number;
    type: string;
    detail: string;
    requestId: string | null;
    retryAfterSeconds: number | null;
  }) {
    super(`${problem.status}: ${problem.detail}`);
    this.status = problem.status;
    this.type = problem.type;
    this.detail = problem.detail;
    this.requestId = problem.requestId;
    this.retryAfterSeconds = problem.retryAfterSeconds;
  }

  /** The end of `type`, such as `quota-exceeded`: what programs tell problems apart by. */
  get kind(): ProblemKind {
    return this.type.slice(this.type.lastIndexOf("/") + 1);
  }
}

/** What programs tell the node's problems apart by: the end of `type`. A newer node may have others. */
export type ProblemKind =
  | "invalid-api-key" | "expired-api-key" | "revoked-api-key" | "missing-scope" | "keys-unavailable"
  | "rate-limited" | "quota-exceeded"
  | "invalid-draw" | "unknown-draw" | "list-not-kept"
  | "invalid-idempotency-key" | "idempotency-mismatch" | "idempotency-in-progress" | "idempotency-full"
  | "store-unavailable"
  // Any other, without losing the names above.
  | (string & {});

/** No answer, or not all of it, within `timeoutMs`. */
export class TimeoutError extends Re4ctorError {
  override name = "TimeoutError";
}

/** The node could not be reached, or the connection ended before the answer did. */
export class NetworkError extends Re4ctorError {
  override name = "NetworkError";
}
