"""Paths, hosts, methods and headers that should lead elsewhere, and two requests that look like one."""

import secrets
import time

from bombs import BROKEN, REFUSED, only
from wire import CADDY, FRONTS, GATEWAY, Wire, ask, at_once, expect, request, statuses

INNER = (b"# TYPE", b"r4_http_", b"root:x:", b"reverse_proxy", b"docker-compose", b"[package]")

PATHS = """/../metrics /v1/../metrics /v1/%2e%2e/metrics /v1/..%2fmetrics /v1/%2e%2e%2fmetrics /v1/.%2e/metrics //metrics /v1//../metrics
/%2fmetrics /metrics%00 /v1/health%00/../../metrics /metrics; /v1/;/../metrics /v1/..;/metrics \\metrics /v1\\..\\metrics /v1/..\\metrics
/v1/..%5cmetrics /%6detrics /METRICS /metrics/ /metrics? /metrics#x /./metrics /v1/./../metrics /v1/%252e%252e/metrics /v1/..%252fmetrics
/docs/../metrics /docs/..%2fmetrics /docs/%2e%2e/%2e%2e/etc/passwd /openapi.json/../metrics /v1/metrics /v1/ready /ready /version
/../../etc/passwd /..%2f..%2fetc%2fpasswd /%2e%2e/%2e%2e/etc/passwd /fonts/..%5c..%5cetc%5cpasswd /fonts/..%2f..%2fCaddyfile /Caddyfile
/.env /.git/config /docker-compose.yml /site/../Caddyfile /v1/log/tile/../../../metrics /v1/log/tile/..%2f..%2f..%2fseed
/v1/receipts/..%2f..%2fmetrics /v1/receipts/%2e%2e%2fselftest /v1/draws/../../metrics /v1/%00 /v1/\x7f /v1/%ff%fe /v1/%c0%ae%c0%ae/metrics
/v1/%u002e%u002e/metrics http://localhost/metrics http://r4-core:8080/random?n=8 http://r4-vrf:8081/vrf http://127.0.0.1:8084/admin/v1/keys
http://localhost/v1/../metrics https://localhost/metrics file:///etc/passwd ftp://x/ *""".split()
ADMIN = ("/admin/v1/keys", "/admin/v1/audit", "/v1/admin/keys", "/v1/../admin/v1/keys", "/v1/..%2fadmin/v1/keys", "//admin/v1/keys",
         "http://127.0.0.1:8084/admin/v1/keys", "/admin/v1/keys/default/revoke")


def paths(_, admin):
    """The inner pages and the admin API, by every way to write a path, and with the right token."""
    answers = []
    for path in PATHS:
        answer = ask(CADDY, request(path.encode().decode("latin-1")), to=path)
        # The files of Caddy before 2.7 have 500 for a name with a NUL.
        only(REFUSED | {200, 301, 308} | ({500} if "%00" in path else set()), [answer], f"caddy: {path}")
        expect(not any(inner in answer.body for inner in INNER), f"{path} shows something of the inside")
        answers.append(answer)
        if "metrics" not in path and path not in ("/ready", "/version"):
            answers.append(ask(GATEWAY, request(path.encode().decode("latin-1")), to=path))
            only(REFUSED | {200}, answers[-1:], f"gateway: {path}")
            expect(not any(inner in answers[-1].body for inner in INNER), f"{path} shows something of the inside")
    for door in FRONTS:
        long = ask(door, request("/v1/" + "../" * 3000 + "metrics"))
        expect(not any(inner in long.body for inner in INNER), "3000 steps up lead to the metrics")
        for path in ADMIN:
            for method in ("GET", "POST"):
                answer = ask(door, request(path, method, [f"Authorization: Bearer {admin}", "Content-Length: 0"]), method, path)
                only({0, 400, 404, 405}, [answer], f"{door.name}: {method} {path} with the admin token")
    with Wire(type(GATEWAY)("admin", GATEWAY.host, 8084), timeout=1) as wire:
        expect(not wire.open, "the admin port is open to others")
    return statuses(answers)


def headers(mallory):
    """Methods, hosts, ranges, upgrades and forwarded addresses."""
    key, answers = f"X-API-Key: {mallory}", []

    def step(door, data, allowed, what, method="GET"):
        answer = ask(door, data, method, what)
        only(allowed, [answer], f"{door.name}: {what}")
        answers.append(answer)
        return answer

    for door in FRONTS:
        for method in ("TRACE", "TRACK", "DELETE", "PUT", "PATCH", "PROPFIND", "FOO", "get", "G" * 9000, "GET\x00", "CONNECT"):
            for path in ("/v1/health", "/v1/random?n=8", "*", "localhost:22", "r4-core:8080"):
                answer = step(door, request(path, method, ["X-Trace-Me: 4711"]), REFUSED | {308}, f"{method[:9]} {path}", method)
                expect(b"4711" not in answer.body, f"{method} shows a request to its sender")
        step(door, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), REFUSED | {505}, "the preface of HTTP/2")
        for override in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            answer = step(door, request("/v1/health", headers=[f"{override}: DELETE"]), {200, 429}, override)
        for name in ("X-Original-URL: /metrics", "X-Rewrite-URL: /metrics", "X-Forwarded-Prefix: /../metrics", "X-Accel-Redirect: /etc/passwd"):
            answer = step(door, request("/v1/health", headers=[name]), {200, 429}, name)
            expect(not any(inner in answer.body for inner in INNER), name)
        for host in (None, "", "localhost\r\nHost: evil.example", "evil.example", "evil.example@localhost", "127.0.0.1:8084", "r4-core:8080",
                     "a" * 9000, "[::1", "localhost:99999", "localhost/../", "local host", "\xff"):
            answer = step(door, request("/v1/health", host=host), REFUSED | {200, 308}, f"Host: {host}")
            expect("evil" not in (answer.header("location") or ""), f"sent on to {answer.header('location')}")
        for upgrade in (["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
                        ["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"], ["Upgrade: TLS/1.0"]):
            for path in ("/v1/health", "/v1/random?n=8", "/"):
                step(door, request(path, headers=["Connection: Upgrade", *upgrade, key]), REFUSED | {200}, f"{upgrade[0]} {path}")
        for spans in ("bytes=0-,-1", "bytes=" + ",".join("0-" for _ in range(1500)), "bytes=5-1", "bytes=0-0,1-1,2-2", "lines=0-"):
            for path in ("/style.css", "/v1/random?n=100000", "/openapi.json"):
                answer = step(door, request(path, headers=[f"Range: {spans}", key]), REFUSED | {200, 206, 416}, f"Range {spans[:20]}")
                expect(len(answer.body) < 1_000_000, f"{path} with many ranges is {len(answer.body)} bytes")
        # One address keeps its one bucket, whatever it says of itself: 30 a minute.
        given = [ask(door, request("/v1/demo/random?n=8", headers=[f"{name}: 198.51.100.{i}"]), to="another's address")
                 for i in range(12) for name in ("X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP")]
        given += [ask(door, request("/v1/demo/random?n=8", headers=[f"Forwarded: for=198.51.100.{i}"])) for i in range(12)]
        expect(any(answer.status == 429 for answer in given), f"{door.name}: who names other addresses is not limited: {statuses(given)}")
    return statuses(answers)


def _ambiguous(inner):
    """Returns requests that one reader may take for one and another for two, around `inner`."""
    head = ["Content-Type: application/json"]
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(inner), inner)

    def post(*lines, body, path="/v1/verify", method="POST"):
        return request(path, method, [*head, *lines], body)

    both = b"0\r\n\r\n" + inner
    yield "CL.TE", post(f"Content-Length: {len(both)}", "Transfer-Encoding: chunked", body=both)
    yield "TE.CL", post("Transfer-Encoding: chunked", "Content-Length: 4", body=chunk)
    for name, line in {
        "space before colon": "Transfer-Encoding : chunked", "tab": "Transfer-Encoding:\tchunked", "xchunked": "Transfer-Encoding: xchunked",
        "two codings": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "x, chunked": "Transfer-Encoding: x, chunked",
        "folded": "Transfer-Encoding:\r\n chunked", "vertical tab": "Transfer-Encoding: \x0bchunked", "quoted": 'Transfer-Encoding: "chunked"',
        "bare CR": "X: y\rTransfer-Encoding: chunked", "bare LF": "X: y\nTransfer-Encoding: chunked", "NUL": "Transfer-Encoding: chunked\x00",
        "upper case": "TRANSFER-ENCODING: CHUNKED", "underscore": "Transfer_Encoding: chunked", "leading space": " Transfer-Encoding: chunked",
    }.items():
        yield f"TE.TE, {name}", post(f"Content-Length: {len(both)}", line, body=both)
    for name, lines in {"two lengths": ["Content-Length: 0", f"Content-Length: {len(inner)}"], "a list": [f"Content-Length: 0, {len(inner)}"],
                        "a plus": [f"Content-Length: +{len(inner)}"], "an underscore": [f"Content_Length: {len(inner)}", "Content-Length: 0"],
                        "a space": [f"Content-Length : {len(inner)}"], "octal": [f"Content-Length: 0{len(inner)}"]}.items():
        yield f"CL.CL, {name}", post(*lines, body=inner)
    yield "0.CL", post(f"Content-Length: {len(inner)}", body=inner, path="/v1/health", method="GET")
    yield "0.TE", post("Transfer-Encoding: chunked", body=chunk, path="/v1/health", method="GET")
    yield "HEAD with a body", post(f"Content-Length: {len(inner)}", body=inner, path="/v1/health", method="HEAD")
    yield "Expect", post(f"Content-Length: {len(inner)}", "Expect: 100-continue", body=inner)
    yield "Connection: Content-Length", post(f"Content-Length: {len(inner)}", "Connection: close, Content-Length", body=inner, path="/v1/vrf")
    yield "HTTP/1.0 chunked", post("Transfer-Encoding: chunked", body=chunk).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    for name, body in {"a bare LF": b"1\n{\n0\n\n", "an LF in an extension": b"1;a\nb\r\n{\r\n0\r\n\r\n", "a size with spaces": b" 1 \r\n{\r\n0\r\n\r\n",
                       "a size with 0x": b"0x1\r\n{\r\n0\r\n\r\n", "no end of a chunk": b"1\r\n{XX0\r\n\r\n", "a long size": b"0" * 200 + b"1\r\n{\r\n0\r\n\r\n",
                       "a forbidden trailer": b"1\r\n{\r\n0\r\nContent-Length: 9\r\nHost: x\r\n\r\n"}.items():
        yield f"chunked, {name}", post("Transfer-Encoding: chunked", body=body + inner)
    yield "bare LF everywhere", request("/v1/health").replace(b"\r\n", b"\n") + inner
    yield "LF CR", request("/v1/health").replace(b"\r\n", b"\n\r") + inner
    yield "a CRLF in the path", b"GET /v1/health?a\r\nX: b HTTP/1.1\r\nHost: node\r\n\r\n" + inner
    yield "an encoded CRLF", request("/v1/receipts/0%0d%0aHost:%20x%0d%0a%0d%0a" + "a" * 20) + inner


def _smuggle(door, inner, key):
    """Sends each ambiguous request to one front; returns what came, and how many victims asked."""
    seen, asked, victims = set(), 0, [Wire(door) for _ in range(4)]
    for name, attack in _ambiguous(inner):
        with Wire(door, timeout=0.2) as wire:
            wire.send(attack)
            for place, victim in enumerate(victims * 2):
                own = f"victim-{place}-{secrets.token_hex(8)}"
                victim.send(request("/v1/limits", headers=[f"X-Request-Id: {own}", f"X-API-Key: {key}"]))
                answer = victim.answer(to="a victim")
                got = answer.header("x-request-id")
                expect(answer.status in (200, 429) and got == own, f"{door.name}: after {name} a victim gets {answer.status}, the answer to {got}")
                asked += 1
            while wire.open and (answer := wire.answer(to=f"smuggling, {name}")).status:
                expect(answer.status < 500 or answer.status in (501, 505) or answer.status in BROKEN[door], f"{door.name}: {name} is answered with {answer.status}")
                seen.add(answer.status)
    for victim in victims:
        victim.close()
    return seen, asked


def smuggling(mallory):
    """After each such request, others on the connections behind Caddy get their own answers.

    Who asks names each request by an X-Request-Id, which its answer repeats. The inner request has
    an id and a key of its own: its answer may reach nobody but the one who sent it."""
    inner = request("/v1/random?n=16&fmt=hex", headers=[f"X-API-Key: {mallory}", f"X-Request-Id: smuggled-{secrets.token_hex(8)}"])
    came = at_once(2, lambda number: _smuggle(FRONTS[number], inner, mallory))
    # Two requests in one piece are two, in their order.
    for door in FRONTS:
        with Wire(door) as wire:
            ids = [f"pipeline-{i}-{time.monotonic_ns()}" for i in range(8)]
            wire.send(b"".join(request("/v1/limits", headers=[f"X-Request-Id: {one}"]) for one in ids))
            got = [wire.answer(to="a pipeline").header("x-request-id") for _ in ids]
            expect(got == ids, f"{door.name}: a pipeline's answers are mixed up: {got}")
    seen, asked = sorted(came[0][0] | came[1][0]), came[0][1] + came[1][1]
    return f"{2 * len(list(_ambiguous(inner)))} ambiguous requests, answers {seen}; {asked} victims got their own"
