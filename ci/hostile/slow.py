"""Clients that take their time: slow heads, slow bodies, slow readers, idle connections."""

import time

from wire import CADDY, CORE, FRONTS, GATEWAY, NONE, VRF, Wire, expect, request, statuses

HEAD_SECONDS = 12  # the services and Caddy give a head 10 s
BODY_SECONDS = 12  # the gateway gives a body 5 s, and 3 s more before it closes; Caddy 10 s
CLIENTS = 150
# A service has 1024.
PLACES = 1100
# Fewer than one address may have open, so that it is time that ends them.
BODIES = 8


def slowloris(mallory):
    """Heads and bodies that come a few bytes at a time, and 1 MB that is read by nobody."""
    heads = [Wire(door) for door in (*FRONTS, CORE, VRF) for _ in range(CLIENTS)]
    for wire in heads:
        wire.send(b"GET /v1/health HTTP/1.1\r\nHost: node\r\n")
    bodies = [Wire(door) for door in FRONTS for _ in range(BODIES)]
    for wire in bodies:
        wire.send(request("/v1/verify", "POST", ["Content-Type: application/json", "Content-Length: 60000"]) + b"{")
    readers = [Wire(door) for door in FRONTS for _ in range(BODIES)]
    for wire in readers:
        wire.send(request("/v1/random?n=1000000&fmt=hex", headers=[f"X-API-Key: {mallory}"]))
    everyone = [(wire, b"X-Slow: 1\r\n", time.monotonic() + HEAD_SECONDS) for wire in heads]
    everyone += [(wire, b" ", time.monotonic() + BODY_SECONDS) for wire in bodies]
    while everyone:
        time.sleep(0.5)
        everyone = [(wire, piece, end) for wire, piece, end in everyone if wire.send(piece) and not _answered(wire)]
        late = sum(time.monotonic() > end for _, _, end in everyone)
        expect(not late, f"{late} of {len(heads + bodies)} clients may still trickle in after {HEAD_SECONDS} s")
    given = [wire.answer("POST", "a slow body") for wire in bodies]
    expect(all(answer.status in (0, 408) for answer in given), f"slow bodies: {statuses(given)}")
    # A reader that wakes up gets all, or an end in the middle; never a short answer that looks whole.
    taken = [wire.answer(to="a slow reader") for wire in readers]
    expect(all(answer is NONE or len(answer.body) == 2_000_000 for answer in taken), "a short answer to a slow reader")
    for wire in heads + bodies + readers:
        wire.close()
    return f"{len(heads)} heads cut, bodies: {statuses(given)}, readers: {statuses(taken)}"


def _answered(wire):
    """Looks whether something came, or the end, without waiting."""
    wire.socket.settimeout(0)
    try:
        data = wire.socket.recv(65536)
        wire.buffer += data
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        wire.socket.settimeout(8)


def idle(_):
    """More connections than a service has places, opened and left; then opened again and again."""
    held, reused = [], 0
    for door, count in ((GATEWAY, PLACES), (CORE, PLACES), (VRF, PLACES), (CADDY, 300)):
        held += [Wire(door, timeout=2) for _ in range(count)]
    opened = sum(wire.open for wire in held)
    end = time.monotonic() + 2
    while time.monotonic() < end:
        for wire in held[reused % 50:PLACES:50]:
            wire.close()
            held.append(Wire(GATEWAY, timeout=2))
        reused += 1
        time.sleep(0.01)
    for wire in held:
        wire.close()
    expect(opened > 3 * PLACES, f"only {opened} connections could be opened")
    return f"{opened} opened, none used"
