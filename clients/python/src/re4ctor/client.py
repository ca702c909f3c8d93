"""A client of a node, blocking."""

from __future__ import annotations

from time import sleep
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


class Client:
    """A node's public interface. Use it in a ``with`` block, or call `close`.

    It parses what a node answers, but trusts it no further: give `Receipt.json` to
    `re4ctor.verify` with a key that you pinned.
    """

    def __init__(
        self, base_url: str, api_key: str, timeout: float = 10.0, retries: int = 3
    ) -> None:
        """Connects to nothing yet.

        Args:
            base_url: The gateway, such as ``https://random.example.org``.
            api_key: The key; it goes into a header and is never shown.
            timeout: Seconds for each attempt; random bytes have them anew for each part. The clock
                is looked at when the head of the answer is complete and after each part, and each
                wait for more is bound alone: a node that sends its head byte by byte holds the call
                for longer. `AsyncClient` has a hard limit.
            retries: How often a failed request is sent again, where that is harmless.

        Raises:
            ValueError: An argument cannot work.
        """
        self._settings = _calls.Settings(base_url, api_key, timeout, retries)
        headers = self._settings.headers()
        self._http = httpx.Client(base_url=base_url, timeout=timeout, headers=headers)

    def random(self, n: int, progress: Progress | None = None) -> bytes:
        """Returns n random bytes, in as many requests as it takes. They carry no proof.

        Args:
            n: The number of bytes; more than 1,000,000 are asked for in parts.
            progress: Called with the bytes received so far and n.

        Raises:
            Re4ctorError: The node did not deliver.
        """
        octets = bytearray()
        meter = _answers.Meter(n, progress)
        for call in _calls.random_calls(n):
            octets += self._send(call, meter.after(len(octets)))
        return bytes(octets)

    def random_dual(self, n: int) -> Attestation:
        """Returns 16 to 1000 random bytes with both signatures: signed, but not unique.

        Raises:
            Re4ctorError: The node did not deliver.
        """
        return _calls.attestation(self._send(_calls.random_dual_call(n)), n)

    def vrf(
        self,
        alpha: bytes | None = None,
        sig: Sig = "dual",
        chain_id: int | None = None,
        contract: str | None = None,
        format: Format = "json",  # noqa: A002 - the parameter's name in the interface
    ) -> Receipt:
        """Returns the receipt of a verifiable random output.

        Args:
            alpha: The input, 1 to 1024 bytes; the same one has the same output. Without it the node
                takes its next index, and a request that failed is then not sent again.
            sig: The signatures to make.
            chain_id: The chain that the signatures count on.
            contract: The contract that they count for.
            format: "evm" adds what that contract takes.

        Raises:
            Re4ctorError: The node did not deliver, or delivered something else.
        """
        request = _calls.VrfRequest(alpha, sig, chain_id, contract, format)
        return request.receipt(self._send(request.call()))

    def keys(self) -> Keys:
        """Returns the node's public keys. Whoever pins them must trust the way they came.

        Raises:
            Re4ctorError: The node did not deliver.
        """
        return Keys.parse(self._send(_calls.keys_call()))

    def receipt(
        self,
        id: bytes | str,  # noqa: A002 - the field's name in the interface
    ) -> Receipt:
        """Returns a receipt that the node gave before, with the log as it is now.

        Args:
            id: Its `Receipt.id`, or the text of that field.

        Raises:
            Re4ctorError: The node did not deliver, or delivered something else. Attested bytes are
                not kept.
        """
        return _calls.receipt(self._send(_calls.receipt_call(id)), id)

    def checkpoint(self) -> str:
        """Returns the latest checkpoint of the node's log, a signed note.

        Its signatures are not checked here. Two that do not fit together show that the log did not
        show everybody the same.

        Raises:
            Re4ctorError: The node did not deliver, or delivered something else.
        """
        return _calls.checkpoint(self._send(_calls.checkpoint_call()))

    def draw(  # noqa: PLR0913 - the members of an order
        self,
        kind: Kind,
        *,
        label: str | None = None,
        participants: Sequence[str] | None = None,
        participants_sha256: bytes | None = None,
        weights: Sequence[int] | None = None,
        idempotency_key: str | None = None,
    ) -> Draw:
        """Orders a draw: the node makes it from one VRF output, so that anybody can make it again.

        Announce the label beforehand, with something in it that nobody can know yet, such as a
        later block hash: whoever may ask the node can try labels until one pleases. Without a label
        the node chooses a nonce. Participants and weights that are given here become public.

        Args:
            kind: What to draw: `Integers`, `Shuffle`, `Winners`, `Dice`, `Cards`, `Decimals` or
                `Uuids`.
            label: What the draw is for, 1 to 128 printable ASCII characters.
            participants: The list that a shuffle or winners are drawn from.
            participants_sha256: Instead of the list its hash, which keeps it private; see
                `re4ctor.participants_hash`.
            weights: For winners the weight of each participant.
            idempotency_key: The request's name: sent again with it, it gets the first answer again,
                and is charged once. Without it there is a random one for each call.

        Raises:
            Re4ctorError: The node did not deliver, or delivered something else.
            ValueError: The arguments do not fit together.
        """
        request = _draw_calls.DrawRequest(
            kind, label, participants, participants_sha256, weights, idempotency_key
        )
        return request.draw(self._send(request.call()))

    def drawn(
        self,
        id: bytes | str,  # noqa: A002 - the field's name in the interface
    ) -> Draw:
        """Returns a draw that the node made before.

        Args:
            id: Its `Draw.id`, or the text of that field.

        Raises:
            Re4ctorError: The node did not deliver, or delivered something else.
        """
        return _draw_calls.drawn(self._send(_draw_calls.drawn_call(id)), id)

    def usage(self) -> Usage:
        """Returns what the key has used and has left.

        Raises:
            Re4ctorError: The node did not deliver.
        """
        return _draw_calls.usage(self._send(_draw_calls.usage_call()))

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _send(self, call: Call, tell: Callable[[int], None] | None = None) -> bytes:
        attempt = 0
        while True:
            try:
                return self._attempt(call, tell)
            except Re4ctorError as failure:
                wait = _answers.wait_seconds(call, failure, attempt, self._settings.retries)
                if wait is None:
                    raise
            sleep(wait)
            attempt += 1

    def _attempt(self, call: Call, tell: Callable[[int], None] | None) -> bytes:
        deadline = _answers.deadline(self._settings)
        try:
            with self._http.stream(**_calls.sent(call)) as answer:
                body = _answers.Body(call, answer, self._settings, deadline)
                for chunk in answer.iter_bytes():
                    received = body.add(chunk)
                    if tell is not None:
                        tell(received)
                return body.finish()
        except httpx.HTTPError as error:
            failure = _answers.translate(error)
        # Not inside the handler: httpx's exception holds the request with its key.
        raise failure

    def __enter__(self) -> Self:
        """Returns the client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the connections."""
        self.close()

    def __repr__(self) -> str:
        """Shows everything but the key."""
        return f"Client({self._settings})"
