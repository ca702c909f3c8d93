"""Guessing keys: many of them, and by the time that an answer takes."""

import random
import secrets
import statistics
import time
import zlib

from wire import FRONTS, GATEWAY, Wire, at_once, expect, request, statuses

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def key(start=""):
    """Returns a key of the right form, with a checksum that is right, and random behind `start`."""
    body = "r4_live_" + start + "".join(secrets.choice(DIGITS) for _ in range(30 - len(start)))
    rest, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = DIGITS[digit] + digits
    return body + digits


def guess(_):
    """Keys of the right form, on connections that stay, 1,500 a second at most."""
    def client(number):
        answers, end = [], time.monotonic() + 3
        wire = Wire(FRONTS[number % 2])
        while time.monotonic() < end:
            wire.send(request("/v1/random?n=32", headers=[f"X-API-Key: {key()}"]))
            answers.append(wire.answer(to="a guessed key"))
            if not wire.open:
                wire = Wire(FRONTS[number % 2])
            time.sleep(0.004)
        return answers

    answers = sum(at_once(6, client), [])
    expect(all(answer.status in (401, 429) for answer in answers), f"guesses: {statuses(answers)}")
    return statuses(answers)


class Times:
    """Interleaved measurements of answers to keys of several classes (dudect's method: Reparaz,
    Balasch, Verbauwhede, 2017): classes in random order, the slower half of each dropped."""

    def __init__(self, classes, rounds):
        self.taken = {name: [] for name in classes}
        # Made beforehand, in equal ways: making them must not be what differs.
        plan = [(name, request("/v1/random?n=32", headers=[f"X-API-Key: {make()}"])) for name, make in classes.items() for _ in range(rounds)]
        random.shuffle(plan)
        wire = Wire(GATEWAY)
        for name, data in plan:
            began = time.perf_counter_ns()
            wire.send(data)
            status = wire.answer(to="a timed key").status
            taken = time.perf_counter_ns() - began
            if status in (401, 429):
                self.taken[name].append(taken / 1000)
            else:
                wire = Wire(GATEWAY)

    def compare(self, one, other):
        """Returns the difference of the means in µs, Welch's t, and the smallest difference that
        would give t = 5: what this measurement can see."""
        halves = [sorted(self.taken[name])[: len(self.taken[name]) // 2] for name in (one, other)]
        difference = statistics.fmean(halves[0]) - statistics.fmean(halves[1])
        error = sum(statistics.variance(half) / len(half) for half in halves) ** 0.5
        return difference, difference / error, 5 * error


# A difference that is smaller is none that a caller over a network could use, and too small to tell
# from chance here; both must be passed, in each of three measurements, before this fails.
MICROSECONDS, T = 2.0, 5.0


def timing(stored, simple, control=True):
    """Keys that begin as a real one against random ones; both are wrong."""
    classes = {
        "stored": lambda: key(stored[8:34]), "random": key,
        "simple": lambda: simple[:-4] + secrets.token_hex(2), "hex": lambda: secrets.token_hex(len(simple) // 2),
        # Hashing this takes longer: it must be seen, or nothing here would.
        "long": lambda: secrets.token_hex(7000),
        "short": lambda: secrets.token_hex(len(simple) // 2),
    }
    told, leaks = [], {}
    for _ in range(3):
        times = Times(classes, 700)
        for name, one, other in (("a stored key's beginning", "stored", "random"), ("R4_API_KEY's beginning", "simple", "hex")):
            difference, t, seen = times.compare(one, other)
            told.append(f"{name}: {difference:+.2f} µs, t = {t:+.1f}, {seen:.2f} µs could be seen")
            leaks.setdefault(name, []).append(abs(t) > T and abs(difference) > MICROSECONDS)
        difference, t, _ = times.compare("long", "short")
        told.append(f"a key of 14 KB (control): {difference:+.2f} µs, t = {t:+.1f}")
        expect(not control or t > T, f"this measurement sees nothing: {told[-1]}")
        if not any(seen[-1] for seen in leaks.values()):
            break
    for name, seen in leaks.items():
        expect(len(seen) < 3 or not all(seen), f"the time of an answer tells {name}: {told}")
    return told
