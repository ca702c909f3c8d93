/** Bodies of answers, read piece by piece and never past a limit. */

import { MalformedError, NetworkError } from "./errors.js";

/** Reads a body as UTF-8. */
export async function readText(response: Response, limit: number): Promise<string> {
  const bytes = new Uint8Array(limit);
  const length = await readInto(response, bytes, () => {});
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, length));
  } catch {
    throw new MalformedError("the answer is not UTF-8");
  }
}

/** Fills `target` with a body that has exactly as many octets. */
export async function readExactly(
  response: Response,
  target: Uint8Array,
  onProgress: (received: number) => void,
): Promise<void> {
  const received = await readInto(response, target, onProgress);
  if (received < target.length) {
    throw new NetworkError(`the answer ended after ${received} of ${target.length} bytes`);
  }
}

async function readInto(
  response: Response,
  target: Uint8Array,
  onProgress: (received: number) => void,
): Promise<number> {
  const reader = response.body?.getReader();
  let received = 0;
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
    if (done || !value) return received;
    if (received + value.length > target.length) {
      await reader?.cancel();
      throw new MalformedError(`the answer has more than ${target.length} bytes`);
    }
    target.set(value, received);
    received += value.length;
    onProgress(received);
  }
}
