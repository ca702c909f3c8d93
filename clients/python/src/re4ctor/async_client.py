"""A client of a node, for asyncio."""

from __future__ import annotations

from asyncio import get_running_loop, sleep, timeout
from typing import TYPE_CHECKING

import httpx

from re4ctor import _answers, _calls, _draw_calls
from re4ctor.errors import Re4ctorError
from re4ctor.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

    from re4ctor._calls import Call, Format, Progress, Sig
    from re4ctor.documents import Attestation, Receipt
    from re4ctor.draws import Draw
    from re4ctor.kinds import Kind
    from re4ctor.usage import Usage


class AsyncClient:
    """Does what `re4ctor.Client` does. Use it in an ``async with`` block, or call `aclose`."""

    def __init__(
        self, base_url: str, api_key: str, timeout: float = 10.0, retries: int = 3
    ) -> None:
        """Takes what `re4ctor.Client` takes.

        Here `timeout` is a hard limit: for each attempt as a whole or, where random bytes come, for
        each attempt until the head of the answer is complete, and then for each part.

        Raises:
            ValueError: An argument cannot work.
        """
        self._settings = _calls.Settings(base_url, api_key, timeout, retries)
        headers = self._settings.headers()
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout, headers=headers)

    async def random(self, n: int, progress: Progress | None = None) -> bytes:
        """Does what `re4ctor.Client.random` does."""
        octets = bytearray()
        meter = _answers.Meter(n, progress)
        for call in _calls.random_calls(n):
            octets += await self._send(call, meter.after(len(octets)))
        return bytes(octets)

    async def random_dual(self, n: int) -> Attestation:
        """Does what `re4ctor.Client.random_dual` does."""
        return _calls.attestation(await self._send(_calls.random_dual_call(n)), n)

    async def vrf(
        self,
        alpha: bytes | None = None,
        sig: Sig = "dual",
        chain_id: int | None = None,
        contract: str | None = None,
        format: Format = "json",  # noqa: A002 - the parameter's name in the interface
    ) -> Receipt:
        """Does what `re4ctor.Client.vrf` does."""
        request = _calls.VrfRequest(alpha, sig, chain_id, contract, format)
        return request.receipt(await self._send(request.call()))

    async def keys(self) -> Keys:
        """Does what `re4ctor.Client.keys` does."""
        return Keys.parse(await self._send(_calls.keys_call()))

    async def receipt(
        self,
        id: bytes | str,  # noqa: A002 - the field's name in the interface
    ) -> Receipt:
        """Does what `re4ctor.Client.receipt` does."""
        return _calls.receipt(await self._send(_calls.receipt_call(id)), id)

    async def checkpoint(self) -> str:
        """Does what `re4ctor.Client.checkpoint` does."""
        return _calls.checkpoint(await self._send(_calls.checkpoint_call()))

    async def draw(  # noqa: PLR0913 - the members of an order
        self,
        kind: Kind,
        *,
        label: str | None = None,
        participants: Sequence[str] | None = None,
        participants_sha256: bytes | None = None,
        weights: Sequence[int] | None = None,
        idempotency_key: str | None = None,
    ) -> Draw:
        """Does what `re4ctor.Client.draw` does."""
        request = _draw_calls.DrawRequest(
            kind, label, participants, participants_sha256, weights, idempotency_key
        )
        return request.draw(await self._send(request.call()))

    async def drawn(
        self,
        id: bytes | str,  # noqa: A002 - the field's name in the interface
    ) -> Draw:
        """Does what `re4ctor.Client.drawn` does."""
        return _draw_calls.drawn(await self._send(_draw_calls.drawn_call(id)), id)

    async def usage(self) -> Usage:
        """Does what `re4ctor.Client.usage` does."""
        return _draw_calls.usage(await self._send(_draw_calls.usage_call()))

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def _send(self, call: Call, tell: Callable[[int], None] | None = None) -> bytes:
        attempt = 0
        while True:
            try:
                return await self._attempt(call, tell)
            except Re4ctorError as failure:
                wait = _answers.wait_seconds(call, failure, attempt, self._settings.retries)
                if wait is None:
                    raise
            await sleep(wait)
            attempt += 1

    async def _attempt(self, call: Call, tell: Callable[[int], None] | None) -> bytes:
        deadline = _answers.deadline(self._settings)
        limit = timeout(self._settings.timeout)

        def begin_part() -> None:
            if body.in_parts:
                limit.reschedule(get_running_loop().time() + self._settings.timeout)

        try:
            async with limit, self._http.stream(**_calls.sent(call)) as answer:
                body = _answers.Body(call, answer, self._settings, deadline)
                begin_part()
                async for chunk in answer.aiter_bytes():
                    received = body.add(chunk)
                    if tell is not None:
                        tell(received)
                    begin_part()
                return body.finish()
        except httpx.HTTPError as error:
            failure = _answers.translate(error)
        except TimeoutError:
            if not limit.expired():
                raise
            failure = _answers.too_late()
        # Not inside the handler: httpx's exception holds the request with its key.
        raise failure

    async def __aenter__(self) -> Self:
        """Returns the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the connections."""
        await self.aclose()

    def __repr__(self) -> str:
        """Shows everything but the key."""
        return f"AsyncClient({self._settings})"
