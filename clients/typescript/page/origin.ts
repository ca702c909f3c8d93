/** The site that serves the page: what the address asks it for by the part after #, and its keys. */

import type { Readable } from "./slot.js";

/** Whether there is a site: a page that was opened from disk has none, and asks nobody. */
export const SERVED = /^https?:$/.test(location.protocol);

/** Why something was not fetched. */
export class NotFetched extends Error {}

const SECONDS = 20;
const PATHS = { draw: "/v1/draws/", receipt: "/v1/receipts/" };

/** Returns what the address asks for. */
export function asked(): Readable | null {
  const found = /^#(draw|receipt)=(0x[0-9a-f]{64})$/.exec(location.hash);
  return found && fetched(PATHS[found[1] as keyof typeof PATHS] + found[2]);
}

/** Returns the keys that the site serves now. */
export function keysOfSite(): Readable {
  return fetched("/v1/keys");
}

function fetched(path: string): Readable {
  return {
    async arrayBuffer() {
      if (!SERVED) throw new NotFetched("this page was opened from disk and asks nobody; choose the file instead");
      const answer = await request(path);
      if (!answer.ok) throw new NotFetched(`the site answers ${path} with ${answer.status}${await detail(answer)}`);
      return answer.arrayBuffer();
    },
  };
}

async function request(path: string): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(1000 * SECONDS);
    return await fetch(path, { cache: "no-store", credentials: "omit", redirect: "error", signal });
  } catch {
    throw new NotFetched(`the site does not answer ${path}`);
  }
}

/** The sentence of a problem document, if there is one. */
async function detail(answer: Response): Promise<string> {
  const problem: unknown = await answer.json().catch(() => null);
  const said = typeof problem === "object" && problem !== null && "detail" in problem ? problem.detail : null;
  return typeof said === "string" ? `: ${said.slice(0, 300)}` : "";
}
