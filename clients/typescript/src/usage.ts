/** What an API key has used and has left, as a node answers it. Nothing of it is signed. */

import { Fields } from "./fields.js";

/** The usage of the last 31 days. */
export interface Usage {
  key: {
    /** The node's name for the key, not the key itself. */
    id: string;
    /** The name for people. */
    name: string;
    /** What it may do: `random`, `vrf`, `draws`. */
    scopes: string[];
    /** When it ends, in seconds since 1970; null for never. */
    expires: number | null;
  };
  /** Where the key stands with its rate limit: units that may be spent at once, and those left now. */
  rate: { limit: number; windowSeconds: number; remaining: number; resetSeconds: number };
  /** Where it stands with its quota, if it has one; `resets` is in seconds since 1970. */
  quota: { units: number; per: string; used: number; left: number; resets: number } | null;
  /** What was used of each route on each day of UTC, the oldest first. */
  days: { day: string; route: string; requests: number; units: number }[];
}

export const MAX_USAGE_BYTES = 1024 * 1024;

/**
 * Parses the node's answer. Fields that a newer node adds are left alone.
 *
 * @throws MalformedError
 */
export function parseUsage(input: string): Usage {
  const fields = Fields.parse(input, MAX_USAGE_BYTES);
  const [key, rate, quota] = [fields.object("key"), fields.object("rate"), fields.objectOrNull("quota")];
  return {
    key: {
      id: key.text("id"),
      name: key.text("name"),
      scopes: key.texts("scopes"),
      expires: key.has("expires") ? count(key, "expires") : null,
    },
    rate: {
      limit: count(rate, "limit"),
      windowSeconds: count(rate, "window_seconds"),
      remaining: count(rate, "remaining"),
      resetSeconds: count(rate, "reset_seconds"),
    },
    quota: quota && {
      units: count(quota, "units"),
      per: quota.text("per"),
      used: count(quota, "used"),
      left: count(quota, "left"),
      resets: count(quota, "resets"),
    },
    days: fields.list("days").map((day) => ({
      day: day.text("day"), route: day.text("route"), requests: count(day, "requests"), units: count(day, "units"),
    })),
  };
}

function count(fields: Fields, name: string): number {
  return Number(fields.integer(name));
}
