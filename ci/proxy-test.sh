#!/usr/bin/env bash
# Whether a Caddy, with the Caddyfile, hands on whole answers to a body over HTTP/1: its writes take long,
# and an answer comes in two halves, so that what it does beside the answer ends between them. Some
# versions then break the answer off (golang/go#40747). Usage: [R4_CADDY_GATEWAY=SETTING] ci/proxy-test.sh CADDY
set -euo pipefail
cd "$(dirname "$0")/.."
caddy=$(realpath "$1")
work=$(mktemp -d)
started=()
finish() {
  local code=$? pid
  trap - EXIT
  for pid in "${started[@]}"; do
    kill -- "-$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT

export DOMAIN=http:// R4_CADDY_GLOBAL='' R4_HTTP_PORT=18996 R4_GATEWAY_NAME=127.0.0.1 R4_GATEWAY_PORT=18997 R4_SITE_DIR=site
export XDG_DATA_HOME=$work XDG_CONFIG_HOME=$work
cat >"$work/halves.py" <<'END'
import http.server
import os
import time


class Halves(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "15000")
        self.end_headers()
        for pause in (0, 0.2):
            time.sleep(pause)
            self.wfile.write(bytes(7500))

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["R4_GATEWAY_PORT"])), Halves).serve_forever()
END
setsid python3 "$work/halves.py" &
started+=($!)
setsid strace -f -o /dev/null -e trace=write -e inject=write:delay_exit=50000 \
  "$caddy" run --config Caddyfile --adapter caddyfile >"$work/log" 2>&1 &
started+=($!)

# Prints how much of an answer arrived.
length() { { curl -s --max-time 10 -H 'Content-Type: application/json' -d '{}' "http://127.0.0.1:$R4_HTTP_PORT/v1/vrf" || true; } | wc -c; }
for _ in $(seq 100); do
  if curl -s --max-time 5 -o /dev/null "http://127.0.0.1:$R4_HTTP_PORT/"; then break; fi
  sleep 0.2
done
for _ in $(seq 5); do
  got=$(length)
  [ "$got" = 15000 ] || {
    grep 'aborting with incomplete response' "$work/log" || tail -n 5 "$work/log"
    echo "proxy-test: $got of 15000 bytes of an answer arrived"
    exit 1
  }
done
echo "proxy-test: $("$caddy" version | cut -d' ' -f1): 5 answers arrived whole"
