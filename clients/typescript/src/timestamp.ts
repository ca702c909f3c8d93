/** Times of receipts: whole seconds since 1970, written as RFC 3339 in UTC with a `Z`. */

/** Reads the one accepted form, such as `2026-08-21T12:34:56Z`, as seconds since 1970. */
export function parseTimestamp(text: string): bigint | undefined {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  if (!(milliseconds >= 0)) return undefined;
  const seconds = BigInt(milliseconds / 1000);
  return formatTimestamp(seconds) === text ? seconds : undefined;
}

/** Writes seconds since 1970 as `2026-08-21T12:34:56Z`. */
export function formatTimestamp(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
}
