-- What wrk has seen, on one line between tabs: requests, microseconds, bytes, the median and the
-- 99th percentile of the latency in microseconds, and how often something was not answered with 200.
done = function(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local fields = { summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99), failed }
  io.write(table.concat(fields, "\t"), "\n")
end
