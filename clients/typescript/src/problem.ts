/** Error answers: problem documents (RFC 9457), and whatever a proxy sends instead. */

import { ApiError } from "./errors.js";
import { readText } from "./body.js";

const MAX_PROBLEM_BYTES = 64 * 1024;
const MAX_DETAIL_LENGTH = 500;

/** Makes the error of an answer that is none. */
export async function apiError(response: Response): Promise<ApiError> {
  const problem = await readProblem(response);
  const text = (name: string): string | undefined => {
    const value = problem[name];
    return typeof value === "string" ? value.slice(0, MAX_DETAIL_LENGTH) : undefined;
  };
  return new ApiError({
    status: response.status,
    type: text("type") ?? "about:blank",
    detail: text("detail") ?? text("title") ?? (response.statusText || "the answer says no more"),
    requestId: response.headers.get("X-Request-Id"),
    retryAfterSeconds: retryAfter(response.headers.get("Retry-After")),
  });
}

async function readProblem(response: Response): Promise<Record<string, unknown>> {
  const text = await readText(response, MAX_PROBLEM_BYTES).catch(() => "");
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** Reads `Retry-After` (RFC 9110 §10.2.3): seconds or a date. */
function retryAfter(value: string | null): number | null {
  if (value === null) return null;
  if (/^[0-9]{1,9}$/.test(value)) return Number(value);
  const seconds = (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}
