"""The good client, a process of its own: asks both fronts of both nodes at a steady pace, and writes what it saw.

Each line of its output: front, when the request was due (seconds), how long after that its answer
was there (seconds), status. What waits behind a late answer is late too, as it is for a real caller
with one connection. Every tenth request is on a new connection."""

import os
import sys
import threading
import time

PACE = 100  # requests a second at each front
FRESH = 10


def lane(name, door, key, wire, out, lock, over):
    """Asks one front until `over`."""
    sent = wire.request("/v1/random?n=32", headers=[f"X-API-Key: {key}"])
    connection, turn, began = None, 0, time.monotonic()
    while not over.is_set():
        due = began + turn / PACE
        time.sleep(max(0.0, due - time.monotonic()))
        if connection is None or not connection.open or turn % FRESH == 0:
            if connection is not None:
                connection.close()
            connection = wire.Wire(door, timeout=20, source=os.environ["R4_HOSTILE_GOOD_SOURCE"])
        reused = turn % FRESH
        connection.send(sent)
        answer = connection.answer()
        if answer.status == 0 and reused and time.monotonic() - due < 0.5:
            # A connection that the other side gave up meanwhile: a client asks again at once.
            connection.close()
            connection = wire.Wire(door, timeout=20, source=os.environ["R4_HOSTILE_GOOD_SOURCE"])
            connection.send(sent)
            answer = connection.answer()
        status = answer.status if len(answer.body) == 32 or answer.status != 200 else -1
        wire.ANSWERS.clear()
        turn += 1
        with lock:
            out.write(f"{name} {due:.6f} {time.monotonic() - due:.6f} {status}\n")


def main():
    """Reads the key, and asks until its input ends."""
    import wire  # pylint: disable=import-outside-toplevel

    key, calm_key, lock, over = *sys.stdin.readline().split(), threading.Lock(), threading.Event()
    asked = [(door, key) for door in wire.FRONTS] + [(door, calm_key) for door in wire.CALM.values()]
    with open(sys.argv[1], "w", encoding="ascii", buffering=1) as out:
        lanes = [threading.Thread(target=lane, args=(door.name, door, key, wire, out, lock, over))
                 for door, key in asked]
        for thread in lanes:
            thread.start()
        sys.stdin.read()
        over.set()
        for thread in lanes:
            thread.join()


if __name__ == "__main__":
    main()
