"""A node that answers what a test tells it to."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


_STEP_SECONDS = 0.01


@dataclass
class Answer:
    """One answer: the head, the body, and what goes wrong on the way."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    missing: int = 0  # bytes that the head announces and that never come
    hangs: bool = False  # after the body that there is
    drops: bool = False  # closes the connection instead of answering
    head_seconds: float = 0  # for which the head comes byte by byte
    drips: bool = False  # the body comes byte by byte


class Stub:
    """Serves a list of answers, one a request, on a port of its own; the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, str]] = []  # path and key
        self.orders: list[tuple[str, bytes]] = []  # Idempotency-Key and body of each POST
        self.release = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stub.requests.append((self.path, self.headers.get("x-api-key", "")))
                with suppress(ConnectionError):
                    stub.answer(self)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                stub.orders.append((self.headers.get("idempotency-key", ""), body))
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """The stub's address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Gives the next answer."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        handler.close_connection = True
        if answer.drops:
            return
        handler.send_response(answer.status)
        if answer.head_seconds:
            handler.flush_headers()
            self._drip(handler, b"x-drip: " + b"a" * int(answer.head_seconds / _STEP_SECONDS))
            handler.wfile.write(b"\r\n")
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        announced = len(answer.body) + answer.missing + (1 if answer.hangs else 0)
        handler.send_header("content-length", str(announced))
        handler.end_headers()
        if answer.drips:
            self._drip(handler, answer.body)
        else:
            handler.wfile.write(answer.body)
        if answer.hangs:
            self.release.wait(30)

    def _drip(self, handler: BaseHTTPRequestHandler, octets: bytes) -> None:
        for octet in octets:
            handler.wfile.write(bytes([octet]))
            if self.release.wait(_STEP_SECONDS):
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
