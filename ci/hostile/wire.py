"""HTTP on bare sockets: sends what no client would, and notes every answer that comes."""

import dataclasses
import itertools
import os
import socket
import ssl
import threading
import time

ANSWERS = []  # what the node said, for the search for leaks at the end: (to what, head, body)
_LOCK = threading.Lock()
_SOURCES = itertools.cycle(os.environ["R4_HOSTILE_SOURCES"].split(","))


@dataclasses.dataclass(frozen=True)
class Door:
    """A port of the node: `caddy`, `tls` (Caddy over TLS), `gateway`, `core` or `vrf`."""

    name: str
    host: str
    port: int

    @classmethod
    def of(cls, name):
        host, _, port = os.environ[f"R4_HOSTILE_{name.upper()}"].rpartition(":")
        return cls(name, host, int(port))


CADDY, TLS, GATEWAY, CORE, VRF = map(Door.of, ("caddy", "tls", "gateway", "core", "vrf"))
# The two ways to the gateway.
FRONTS = (CADDY, GATEWAY)
# Those of a node that nobody attacks.
CALM = dict(zip(FRONTS, map(Door.of, ("calm_caddy", "calm_gateway"))))


@dataclasses.dataclass
class Answer:
    """A whole answer; `status` is 0 where none came."""

    status: int
    headers: list
    body: bytes

    def header(self, name):
        return next((value for given, value in self.headers if given == name), None)


NONE = Answer(0, [], b"")


class Wire:
    """A connection. Whatever the other side does to it, nothing is raised."""

    def __init__(self, door, timeout=8, protocol=None, source=None):
        self.door, self.buffer, self.open = door, b"", True
        try:
            self.socket = socket.create_connection(
                (door.host, door.port), timeout, (source or next(_SOURCES), 0))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if protocol:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                context.set_alpn_protocols([protocol])
                self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        except OSError:
            self.open = False

    def send(self, data):
        """Sends; returns whether the other side still takes something."""
        try:
            if self.open:
                self.socket.sendall(data)
        except OSError:
            self.open = False
        return self.open

    def read(self, most=65536):
        """Returns what comes next, or nothing when that is all or takes too long."""
        try:
            data = self.socket.recv(most)
        except (OSError, AttributeError):
            data = b""
        self.open = self.open and bool(data)
        return data

    def fill(self, enough):
        """Reads until `enough` says so of what came; returns whether it did."""
        while not enough(self.buffer):
            data = self.read()
            if not data:
                return False
            self.buffer += data
        return True

    def take(self, count):
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def line(self):
        return self.take(self.buffer.index(b"\n") + 1) if self.fill(lambda b: b"\n" in b) else b""

    def answer(self, method="GET", to=""):
        """Returns the next whole answer, or NONE."""
        while True:
            if not self.fill(lambda b: b"\r\n\r\n" in b):
                return NONE
            head = self.take(self.buffer.index(b"\r\n\r\n") + 4)
            first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
            words = first.split(" ")
            status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
            if not 100 <= status < 200 or status == 101:
                break
        headers = [(n.lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines)]
        answer = Answer(status, headers, b"")
        whole = self._body(answer, method)
        with _LOCK:
            ANSWERS.append((f"{self.door.name} {to or method}", head, answer.body))
        return answer if whole else NONE

    def _body(self, answer, method):
        if method == "HEAD" or answer.status in (101, 204, 304):
            return True
        if (answer.header("transfer-encoding") or "").lower() == "chunked":
            while True:
                size = self.line().strip().split(b";")[0]
                if not size:
                    return False
                size = int(size, 16)
                if not self.fill(lambda b, n=size: len(b) >= n + 2):
                    return False
                answer.body += self.take(size + 2)[:-2]
                if size == 0:
                    return True
        length = answer.header("content-length")
        if length is None:
            self.fill(lambda _: False)
            answer.body = self.take(len(self.buffer))
            return True
        whole = self.fill(lambda b: len(b) >= int(length))
        answer.body = self.take(int(length))
        return whole

    def closed_within(self, seconds):
        """Waits until the other side closes; returns whether it did in time."""
        end = time.monotonic() + seconds
        while self.open and (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                if not self.socket.recv(65536):
                    return True
            except TimeoutError:
                return False
            except OSError:
                return True
        return not self.open

    def close(self):
        self.open = False
        try:
            self.socket.close()
        except (OSError, AttributeError):
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def request(path, method="GET", headers=(), body=None, host="node"):
    """Returns the bytes of a request; `body` may be without a length of its own in `headers`."""
    lines = [f"{method} {path} HTTP/1.1", *([f"Host: {host}"] if host is not None else []), *headers]
    if body is not None and not any(line.lower().startswith(("content-length", "transfer-")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def ask(door, data, method="GET", to="", protocol=None, timeout=8):
    """Sends bytes on a connection of their own, and returns the first answer."""
    with Wire(door, timeout, protocol) as wire:
        wire.send(data)
        return wire.answer(method, to)


def at_once(count, work):
    """Runs `work(number)` in `count` threads and returns what each returned, or raises what one did."""
    results = [None] * count

    def run(number):
        try:
            results[number] = work(number)
        except BaseException as error:  # pylint: disable=broad-except
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


class Failed(Exception):
    """An attack that did something."""


def expect(good, sentence):
    """Fails the attack where something is not good."""
    if not good:
        raise Failed(sentence)


def statuses(answers):
    """Returns how often each status came, as text."""
    counts = {}
    for answer in answers:
        counts[answer.status] = counts.get(answer.status, 0) + 1
    return ", ".join(f"{count} × {status or 'closed'}" for status, count in sorted(counts.items()))
