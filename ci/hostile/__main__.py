"""The hostile client: attacks a node, while a good client measures how it is served.

Needs Python's own library alone; ci/hostile-test.sh starts the node and says where it is:
R4_HOSTILE_CADDY, _TLS, _GATEWAY, _CORE, _VRF (host:port), _CALM_CADDY, _CALM_GATEWAY (those of a node
that nobody attacks), _SOURCES (the attackers' own addresses, with commas), _GOOD_SOURCE (the good
client's). On standard input, a line each: the good client's key, the one for the calm node, the
attacker's, the admin token, then further secrets that no answer may hold; R4_API_KEY is the first of
them. Prints a table; exit code 1 when an attack did something."""

import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

import bombs
import h2
import keys
import slow
import tricks
import wire
from wire import Failed, expect

# Seconds: each attack is repeated until it took as long, so that there are answers to measure, and the
# good client is alone before it.
LEAST, QUIET = 2.5, 0.8
TIMES, ATTEMPTS = 3, 3

# Of the inside: none of it is in a refusal, or in a head.
INTERNAL = re.compile(
    rb"panicked|RUST_BACKTRACE|stack backtrace|goroutine \d|/src/|/root/|/home/|/app/|/var/lib/|\.cargo|\.rs:\d|\.go:\d|\.toml"
    rb"|\b(?:hyper|axum|tokio|tower|rustls|redb|serde|reqwest|golang|Go-http-client)\b|r4-(?:core|vrf|gateway):\d"
    rb"|\b(?:10|127|172|192)\.\d+\.\d+\.\d+\b|os error|\bat line \d+ column\b.*serde")


def percentile(values, part):
    return sorted(values)[max(0, round(part * len(values)) - 1)] if values else float("nan")


def beside_calm(times):
    """Writes the times of the attacked node's fronts down, each with the calm node's."""
    return " ".join(f"{door.name} {times[door.name]:.1f} ({times[calm.name]:.1f})" for door, calm in wire.CALM.items())


class Good:
    """The good client's process, and what it has seen: (front, due, seconds, status)."""

    def __init__(self, key, calm_key):
        folder = pathlib.Path(__file__).parent
        self.file = open(tempfile.mkstemp(prefix="r4-good-")[1], encoding="ascii")
        self.process = subprocess.Popen([sys.executable, folder / "good.py", self.file.name], stdin=subprocess.PIPE, text=True)
        self.process.stdin.write(f"{key} {calm_key}\n")
        self.process.stdin.flush()
        self.seen, self.quiet, self.rest = [], [], ""

    def look(self):
        """Takes in what it has written."""
        *lines, self.rest = (self.rest + self.file.read()).split("\n")
        rows = (line.split() for line in lines)
        self.seen += [(front, float(due), float(taken), int(status)) for front, due, taken, status in rows]

    def p99(self, spans):
        """Returns the time that one answer in a hundred took at least, for each front, in ms."""
        self.look()
        within = [row for row in self.seen if any(began <= row[1] <= end for began, end in spans)]
        return {door.name: percentile([1000 * taken for front, _, taken, _ in within if front == door.name], 0.99)
                for door in (*wire.FRONTS, *wire.CALM.values())}

    def be_quiet(self, seconds=QUIET):
        """Lets the good client ask alone for a while."""
        time.sleep(0.3)
        began = time.monotonic()
        time.sleep(seconds)
        self.quiet.append((began, time.monotonic()))

    def starved(self, began, end):
        """Returns its p99 during an attack, and whether that is too much. No answer at all is, too.

        All of this shares the cores of one machine, so the calm node's answers are later meanwhile, too:
        that much is not the attack's doing."""
        now, base = self.p99([(began, end)]), self.p99(self.quiet)
        return now, not all(now[door.name] <= TIMES * max(base[door.name], now[calm.name]) for door, calm in wire.CALM.items())

    def end(self):
        """Stops it."""
        self.process.stdin.close()
        expect(self.process.wait(timeout=60) == 0, "the good client failed")
        self.look()
        os.unlink(self.file.name)


def attacks(mallory, admin):
    """All attacks, with the name that the table gives them."""
    return [
        ("slow heads, bodies, readers", lambda: slow.slowloris(mallory)),
        ("3600 idle connections", lambda: slow.idle(mallory)),
        ("heads, extensions, trailers", lambda: bombs.heads(mallory)),
        ("lengths, giants, compression", lambda: bombs.bodies(mallory)),
        ("broken bodies", lambda: bombs.broken(mallory)),
        ("queries", lambda: bombs.queries(mallory)),
        ("JSON", lambda: bombs.json_bombs(mallory)),
        ("paths, admin API", lambda: tricks.paths(mallory, admin)),
        ("methods, hosts, ranges, upgrades", lambda: tricks.headers(mallory)),
        ("request smuggling", lambda: tricks.smuggling(mallory)),
        ("HTTP/2 rapid reset", lambda: h2.rapid_reset(mallory)),
        ("HTTP/2 continuation", lambda: h2.continuation(mallory)),
        ("HTTP/2 settings, pings", lambda: h2.control(mallory)),
        ("guessed keys", lambda: keys.guess(mallory)),
    ]


def run(attack):
    """Runs an attack for long enough; returns what it told, whether it held, and when it was."""
    began, told, held = time.monotonic(), "", True
    while held and (not told or time.monotonic() - began < LEAST):
        try:
            told = attack()
        except Failed as failed:
            told, held = str(failed), False
        except (OSError, ValueError, LookupError) as error:
            told, held = f"an answer that cannot be read: {error!r}", False
    return told, held, began, time.monotonic()


def judge(name, attack, good):
    """Runs an attack and prints its row; returns whether it did nothing.

    Others at work on the machine can make answers late, too, but not each time: what starves the good
    client does so again. So an attack fails by time alone when it does in three of three runs."""
    for attempt in range(1, ATTEMPTS + 1):
        good.be_quiet()
        told, held, began, end = run(attack)
        time.sleep(0.1)
        now, starved = good.starved(began, end)
        shown = beside_calm(now)
        verdict = "" if held else "FAILED: "
        verdict += "STARVED: " if starved and attempt == ATTEMPTS else "late: " if starved else ""
        print(f"{name:34} {end - began:7.1f} {shown:>36}   {verdict}{told}", flush=True)
        if not (held and starved):
            break
    return held and not starved


def leaks(secrets):
    """Returns what answers gave away."""
    found = set()
    for what, head, body in wire.ANSWERS:
        text = head + body
        found |= {f"{what}: a secret in {text[:200]!r}" for secret in secrets if secret.encode() in text}
        inside = INTERNAL.search(head) or (not head.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2")) and INTERNAL.search(body))
        if inside:
            found.add(f"{what}: {inside[0]!r} in {text[:300]!r}")
    return sorted(found)[:10]


def main():
    """Runs all; the names of attacks in the arguments choose among them."""
    good_key, calm_key, mallory, admin, *secrets = sys.stdin.read().split()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    good = Good(good_key, calm_key)
    # Elsewhere an attacker has a machine of its own.
    os.nice(19)
    time.sleep(1)
    good.be_quiet(2)
    print(f"{'attack':34} {'seconds':>7} {'p99 in ms (of the calm node)':>36}   what came of it")
    chosen = [(name, attack) for name, attack in attacks(mallory, admin) if name in (sys.argv[1:] or [name])]
    well = all([judge(name, attack, good) for name, attack in chosen])
    good.be_quiet()
    good.end()
    shown = beside_calm(good.p99(good.quiet))
    print(f"{'all quiet times together':34} {sum(end - began for began, end in good.quiet):7.1f} {shown:>36}")
    bad = sorted(status for _, _, _, status in good.seen if status != 200)
    print(f"the good client: {len(good.seen)} answers, {len(bad)} of them not 200 {sorted(set(bad))}")
    well = well and not bad
    try:
        for line in keys.timing(good_key, secrets[0]):
            print(f"timing: {line}")
    except Failed as failed:
        well = False
        print(f"FAILED: {failed}")
    for leak in leaks([good_key, mallory, admin, *secrets]):
        well = False
        print(f"LEAKED: {leak}")
    print(f"{len(wire.ANSWERS)} answers searched for secrets and the inside")
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
