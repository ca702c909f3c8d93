"""Heads, bodies, queries and JSON that are too large, too many or too deep."""

import gzip
import itertools
import json
import time
import zlib

from wire import CADDY, FRONTS, GATEWAY, Wire, ask, at_once, expect, request, statuses

JSON = "Content-Type: application/json"
# What may come of a request that is refused; 0 is a closed connection.
REFUSED = {0, 400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 417, 422, 429, 431, 501}

# Of a body that is none Caddy thinks that the gateway broke it off.
BROKEN = {CADDY: {503}, GATEWAY: set()}


def only(allowed, answers, what):
    """Fails when an answer has another status than those allowed."""
    strange = [answer.status for answer in answers if answer.status not in allowed]
    expect(not strange, f"{what} is answered with {strange[0] if strange else ''}")


def _flood(door, head, piece, most_bytes, seconds=3):
    """Sends `head`, then `piece` again and again; returns the answer and how much was taken."""
    with Wire(door, timeout=seconds) as wire:
        sent, end = len(head), time.monotonic() + seconds
        wire.send(head)
        while wire.open and sent < most_bytes and time.monotonic() < end:
            sent += len(piece) if wire.send(piece) else 0
        wire.open = True
        return wire.answer("POST", "a flood"), sent


def heads(_):
    """Many lines, large lines, lines without an end; chunk extensions and trailers without an end."""
    start = b"GET /v1/health HTTP/1.1\r\nHost: node\r\n"
    answers = []
    for door in FRONTS:
        for name, bomb in {
            "100 lines": start + b"".join(b"X-%d: 1\r\n" % i for i in range(100)) + b"\r\n",
            "10,000 lines": start + b"".join(b"X-%d: 1\r\n" % i for i in range(10_000)) + b"\r\n",
            "10,000 equal lines": start + b"Cookie: a=b\r\n" * 10_000 + b"\r\n",
            "a line of 1 MB": start + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n",
            "a name of 1 MB": start + b"a" * 1_000_000 + b": 1\r\n\r\n",
            "a path of 1 MB": request("/v1/" + "a" * 1_000_000),
            "15 KB of X-Forwarded-For": start + b"X-Forwarded-For: " + b"1.2.3.4," * 1900 + b"1\r\n\r\n",
        }.items():
            answer = ask(door, bomb, to=name, timeout=4)
            only(REFUSED if "Forwarded" not in name else REFUSED | {200}, [answer], f"{door.name}: {name}")
            answers.append(answer)
        chunked = request("/v1/verify", "POST", [JSON, "Transfer-Encoding: chunked"])
        for name, head, piece in (
            ("a line without an end", start + b"X: ", b"a" * 65536),
            ("an extension without an end", chunked + b"1;", b"a" * 65536),
            ("an extension with each byte", chunked, b"1;" + b"a" * 4000 + b"\r\n \r\n"),
            ("trailers without an end", chunked + b"0\r\n", b"X-Trailer: 1\r\n" * 4096),
        ):
            answer, sent = _flood(door, head, piece, 64 << 20)
            only(REFUSED | BROKEN[door], [answer], f"{door.name}: {name}")
            # Caddy reads chunks until its deadline, and keeps nothing of them.
            expect(sent < 64 << 20 or door is CADDY and head is chunked, f"{door.name} takes {sent >> 20} MB: {name}")
            answers.append(answer)
    return statuses(answers)


def broken(_):
    """Bodies that end in the middle, or are no chunks: what a proxy could take for a fault behind it.

    Caddy says so, too (503); but that must not keep it from asking the gateway for others."""
    post = request("/v1/verify", "POST", [JSON, "Transfer-Encoding: chunked"])
    answers = []
    for door in FRONTS:
        for body in (b"zz\r\n", b"5\r\n{}\r\n", b"1\n{\n0\n\n", b"1\r\n{XX0\r\n\r\n", b"FFFFFFFFFFFFFFFFF\r\n"):
            answers.append(ask(door, post + body, "POST", f"a broken body {body}", timeout=0.3))
            only(REFUSED | BROKEN[door], answers[-1:], f"{door.name}: {body}")
        with Wire(door) as wire:
            wire.send(post + b"5\r\n{")
        with Wire(door) as wire:
            wire.send(request("/v1/verify", "POST", [JSON, "Content-Length: 5000"]) + b"{")
        time.sleep(0.05)
    return statuses(answers)


def bodies(mallory):
    """Bodies that are too long or compressed, and lengths that are none."""
    key = f"X-API-Key: {mallory}"
    zeros = bytes(20_000_000)
    packed = {"gzip": gzip.compress(zeros), "deflate": zlib.compress(zeros)}
    packed["gzip, gzip"] = gzip.compress(packed["gzip"])

    def posts(number):
        door, path = list(itertools.product(FRONTS, ("/v1/verify", "/v1/vrf", "/v1/draws")))[number]
        answers = []

        def post(*headers, body=None):
            # Caddy may wait for the rest of a body that is refused already.
            answer = ask(door, request(path, "POST", [JSON, key, *headers], body), "POST", f"{path} {headers}", timeout=2)
            fine = BROKEN[door] if "Transfer-Encoding: chunked" in headers else set()
            only(REFUSED | fine, [answer], f"{door.name}: POST {path} with {headers} {body and body[:20]}")
            answers.append(answer)

        for length in ("1000000000000", "-1", "+5", "0x10", "5, 6", "", "99999999999999999999999", "5 5", "5\r\nContent-Length: 6"):
            post(f"Content-Length: {length}", body=b"{}   ")
        post("Content-Length: 1000000000000", "Expect: 100-continue")
        post("Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n")
        post("Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n")
        post("Transfer-Encoding: identity", body=b"0\r\n\r\n")
        post("Transfer-Encoding: chunked", body=b"FFFFFFFFFFFFFFFFF\r\n")
        post("Transfer-Encoding: chunked", body=b"-1\r\n\r\n")
        for coding, body in packed.items():
            post(f"Content-Encoding: {coding}", body=body)
        post(body=zeros)
        return answers

    answers = sum(at_once(6, posts), [])
    for door, path in itertools.product(FRONTS, ("/openapi.json", "/docs", "/v1/keys")):
        for wanted in ("gzip;q=1,*;q=0,identity;q=0", ",".join(["gzip"] * 3000), "br;q=" + "9" * 4000, "\xff" * 40):
            answer = ask(door, request(path, headers=[f"Accept-Encoding: {wanted}"]), to=path)
            only(REFUSED | {200, 406}, [answer], f"{door.name}: Accept-Encoding {wanted[:30]}")
    return statuses(answers)


def _documents(fields):
    """Texts that are no good JSON for anybody, around the names that a route knows."""
    deep = 30_000
    for opening, inner, closing in (("[", "", "]"), ('{"a":', "1", "}"), ('[{"a":', "1", "}]")):
        yield opening * deep
        yield opening * deep + inner + closing * deep
    yield from ("", " " * 60_000, "null", "[]", "0", '""', "{", "{]", "NaN", "\ufeff{}", "{}{}", "// a\n{}", "{'a':1}", "-", "1e")
    yield "{" + ",".join(f'"k{i}":{i}' for i in range(4000)) + "}"
    yield '{"' + "a" * 60_000 + '":1}'
    for field in fields:
        for value in ("[" * 200 + "]" * 200, "1e999999999", "-1e999999999", "1" * 5000, "0." + "0" * 5000 + "1", "-0", "1E400",
                      r'"\ud800"', r'"\udc00\ud800"', r'"\u0000"', '"' + "é" * 5000 + '"', "{}", "[]", "null", "true",
                      "18446744073709551616", "9007199254740993", "-9223372036854775809"):
            yield f'{{"{field}":{value}}}'
        yield f'{{"{field}":1,"{field}":2}}'
        yield b'{"' + field.encode() + b'":"\xff\xfe\xc0\x80\xed\xa0\x80"}'


def _fields(description, operation):
    """Returns the names at the top of an operation's body."""
    found, seen, todo = set(), set(), [operation["requestBody"]["content"]["application/json"]["schema"]]
    while todo:
        schema = todo.pop()
        reference = schema.get("$ref")
        if reference and reference not in seen:
            seen.add(reference)
            todo.append(description["components"]["schemas"][reference.rsplit("/", 1)[1]])
        found |= set(schema.get("properties", {}))
        todo += [part for kind in ("oneOf", "anyOf", "allOf") for part in schema.get(kind, [])]
    return sorted(found)


def json_bombs(mallory):
    """Every document at every POST of the description, over both fronts."""
    description = json.loads(ask(CADDY, request("/openapi.json")).body)
    posts = [(path, _fields(description, methods["post"])) for path, methods in description["paths"].items() if "post" in methods]
    expect(len(posts) >= 4 and all(fields for _, fields in posts), f"too little is described: {posts}")
    keyed = [JSON, f"X-API-Key: {mallory}"]
    jobs = [(door, path, document) for path, fields in posts for door in FRONTS for document in _documents(fields)]

    def client(number):
        answers = []
        for door, path, document in jobs[number::4]:
            body = document if isinstance(document, bytes) else document.encode()
            answer = ask(door, request(path, "POST", keyed, body), "POST", f"{path} {body[:40]}")
            # A null or a default is an order, too.
            fine = {200} if answer.status == 200 and len(body) < 60 or path == "/v1/verify" else set()
            only(REFUSED - {0} | fine, [answer], f"{door.name}: POST {path} {body[:40]}")
            answers.append(answer)
        return answers

    answers = sum(at_once(4, client), [])
    expect(sum(answer.status in (400, 413, 422) for answer in answers) > len(answers) / 4, f"few get as far as a parser: {statuses(answers)}")
    return f"{len(posts)} routes: {statuses(answers)}"


def queries(mallory):
    """Queries that are long, strange or repeated."""
    key = f"X-API-Key: {mallory}"
    answers = []
    for door in FRONTS:
        for query in ("n=" + "9" * 9000, "&".join(f"a{i}=1" for i in range(1500)), "&" * 9000, "n=1&n=1", "n=%", "n=%zz", "n=%00", "%00=1",
                      "n=1%0d%0aX:1", "n=\u0661", "n=1e3", "n=-1", "n=0x10", "n[]=1", "n=1&key=a&key=b", "fmt=" + "%25" * 3000, "n=1;fmt=hex", "=", "%ff%fe=1"):
            for path in ("/v1/random", "/v1/vrf", "/v1/random_dual"):
                encoded = query.encode("utf-8").decode("latin-1")
                answers.append(ask(door, request(f"{path}?{encoded}", headers=[key]), to=f"{path}?{query[:30]}"))
                # An empty query is none.
                fine = {200} if path == "/v1/vrf" and not query.strip("&=") else set()
                only(REFUSED | fine, answers[-1:], f"{door.name}: {path}?{query[:40]}")
        for length, status in ((1024, 200), (1025, 400), (7000, 400)):
            answer = ask(door, request("/v1/vrf?alpha=" + "ab" * length, headers=[key]))
            expect(answer.status == status, f"{door.name}: an alpha of {length} bytes gets {answer.status}")
    expect(ask(GATEWAY, request("/v1/vrf?alpha=72342f", headers=[key])).status == 400, "an alpha of the node's own")
    return statuses(answers)
