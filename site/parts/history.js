// The history of a part of the node, out of the buckets of /v1/status. What is not there is unknown.

const DAYS = 7;
const DAY = 86_400;
const SPANS = 84;

// The spans of the last seven days, oldest first: how often the part was ok, degraded and down in
// each, and in how many of its buckets anybody looked.
export function spans(status, name) {
  const until = end(status);
  const length = (DAYS * DAY) / SPANS;
  return cut(status, name, Array.from({ length: SPANS }, (_, at) => until - (SPANS - at) * length), length);
}

// The same, day by day, newest first. The days are the reader's last seven times 24 hours.
export function byDay(status, name) {
  const until = end(status);
  return cut(status, name, Array.from({ length: DAYS }, (_, at) => until - (DAYS - at) * DAY), DAY).reverse();
}

export function totals(parts) {
  const sum = { ok: 0, degraded: 0, down: 0, known: 0, buckets: 0 };
  for (const part of parts) for (const key of Object.keys(sum)) sum[key] += part[key];
  return { ...sum, checks: sum.ok + sum.degraded + sum.down };
}

// The bucket that is being filled is the last one.
function end({ now, bucket_seconds: seconds }) {
  return now - (now % seconds) + seconds;
}

function cut({ buckets, bucket_seconds: seconds }, name, starts, length) {
  const parts = starts.map((start) => ({
    start, end: start + length, ok: 0, degraded: 0, down: 0, known: 0, buckets: length / seconds,
  }));
  for (const bucket of buckets) {
    const part = parts[Math.floor((bucket.start - starts[0]) / length)];
    const seen = bucket[name];
    if (!part || !seen) continue;
    const looks = seen.ok + seen.degraded + seen.down;
    for (const key of ["ok", "degraded", "down"]) part[key] += seen[key];
    if (looks > 0) part.known += 1;
  }
  return parts.map((part) => ({ ...part, state: stateOf(part) }));
}

// The worst that was seen.
function stateOf({ ok, degraded, down }) {
  if (down > 0) return "down";
  if (degraded > 0) return "degraded";
  return ok > 0 ? "ok" : "none";
}
