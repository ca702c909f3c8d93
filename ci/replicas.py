"""Clients for ci/replicas-test.sh, ci/rotation-drill.sh and ci/swarm-test.sh, which start what they ask: each
check prints its figures, and ends with a sentence and exit code 1 when they are not good. Needs Python's own
library alone."""

import http.client
import json
import pathlib
import subprocess
import sys
import threading
import time
import urllib.parse


def fetch(base, key, path):
    """Returns status, head and body of one request on a connection of its own; no status when none came."""
    at = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=20)
    try:
        connection.request("GET", path, headers={"X-API-Key": key})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    except (OSError, http.client.HTTPException) as error:
        return None, {}, str(error).encode()
    finally:
        connection.close()


def ask(base, key, path="/v1/random?n=8"):
    """Returns the status of one request, or None when none came."""
    return fetch(base, key, path)[0]


def at_once(count, work):
    """Runs `work(number)` in `count` threads that start together; returns what each returned."""
    start, results = threading.Barrier(count), [None] * count

    def run(number):
        start.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def expect(good, sentence):
    """Ends the program when something is not good."""
    if not good:
        sys.exit(f"FAILED: {sentence}")


def rate(base, key):
    """A key of 50/s, asked 125 times a second, whatever comes back and however late."""
    threads, pace, lasting, settled = 25, 125, 10, 2
    began = time.monotonic()

    def client(number):
        answers = []
        for turn in range(number, pace * lasting, threads):
            time.sleep(max(0.0, began + turn / pace - time.monotonic()))
            asked = time.monotonic() - began
            answers.append((asked, ask(base, key)))
        return answers

    answers = [answer for client_answers in at_once(threads, client) for answer in client_answers]
    expect(all(status in (200, 429) for _, status in answers), f"other answers: {answers}")
    passed = sum(status == 200 and settled <= asked < lasting for asked, status in answers)
    each_second = passed / (lasting - settled)
    print(f"  {each_second:.2f} requests a second of 50, over {lasting - settled} s")
    expect(47.5 <= each_second <= 52.5, f"{each_second} requests a second")


def revoked(key, revoke, *bases):
    """The command `revoke` ends the key; each of the addresses refuses it within a second."""
    last_good, over = {base: 0.0 for base in bases}, threading.Event()

    def client(base):
        while not over.is_set():
            status = ask(base, key)
            if status == 200:
                last_good[base] = time.monotonic()
            elif status != 401:
                sys.exit(f"FAILED: {base} answers {status}")
            time.sleep(0.005)

    threads = [threading.Thread(target=client, args=(base,), daemon=True) for base in bases]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    done = subprocess.run(["sh", "-c", revoke], capture_output=True, text=True, check=False)
    at = time.monotonic()
    expect(done.returncode == 0, f"{revoke}: {done.stdout}{done.stderr}")
    time.sleep(1.5)
    over.set()
    for thread in threads:
        thread.join()
    for base, last in last_good.items():
        expect(last > 0, f"{base} never took the key")
        print(f"  {base} took it until {last - at:+.3f} s of the end of the command")
        expect(last - at < 1, f"{base} took the key for {last - at:.3f} s")
        expect(ask(base, key) == 401, f"{base} takes it again")


def last_unit(base, key):
    """Of a quota of 3, two units are used; 20 clients race for the third."""
    first = [ask(base, key) for _ in range(2)]
    expect(first == [200, 200], f"the first two answers are {first}")
    answers = at_once(20, lambda _: ask(base, key))
    print(f"  20 clients: {answers.count(200)} times 200, {answers.count(429)} times 429")
    expect(answers.count(200) == 1 and answers.count(429) == 19, f"the answers are {answers}")


def while_running(commands, *clients):
    """Runs the commands, one after the other, while the clients work, each until the event it is
    given; returns what each returned."""
    over = threading.Event()

    def run():
        time.sleep(1)
        done = [subprocess.run(["sh", "-c", c], stdout=subprocess.DEVNULL, check=False) for c in commands]
        time.sleep(1)
        over.set()
        return [command.args for command in done if command.returncode]

    *results, failed = at_once(len(clients) + 1, lambda n: clients[n](over) if n < len(clients) else run())
    expect(not failed, f"these commands failed: {failed}")
    return results


def outage(base, key, *commands):
    """Eight clients ask without a pause while the commands run; what fails is asked once more."""

    def client(over):
        good = again = lost = 0
        while not over.is_set():
            status = ask(base, key)
            if status != 200:
                again += 1
                status = ask(base, key)
            good, lost = good + (status == 200), lost + (status != 200)
        return good, again, lost

    counts = while_running(commands, *[client] * 8)
    good, again, lost = (sum(column) for column in zip(*counts))
    print(f"  {good} answers, {again} requests repeated by the client, {lost} lost")
    expect(good > 100 and lost == 0, f"{lost} requests are lost of {good + lost}")
    # Caddy itself asks the other replica; what it had begun to pass on is the client's to repeat.
    expect(again <= 8, f"{again} requests had to be repeated by the client")


def steady(base, key_file, receipts, stop):
    """Eight clients ask with the key in a file, which may change, until the file `stop` is there: nothing
    may fail. Receipts are kept in a folder."""
    paths = ["/v1/random?n=8", "/v1/vrf?sig=dual", "/v1/random_dual?n=16"]
    key_file, receipts, stop = (pathlib.Path(path) for path in (key_file, receipts, stop))

    def client(number):
        good, failed = 0, []
        while not stop.exists():
            path = paths[(good + number) % len(paths)]
            status, _, body = fetch(base, key_file.read_text().strip(), path)
            if status != 200:
                failed.append((path, status, body[:200]))
                time.sleep(0.1)
                continue
            good += 1
            if path != paths[0]:
                (receipts / f"{number}-{good}.json").write_bytes(body)
        return good, failed

    answers = at_once(8, client)
    good, failed = sum(good for good, _ in answers), [one for _, some in answers for one in some]
    print(f"  {good} answers, {len(failed)} failed, {len(list(receipts.iterdir()))} receipts kept")
    expect(good > 100 and not failed, f"{len(failed)} requests failed of {good + len(failed)}: {failed[:5]}")


def rolling(base, key, *commands):
    """While the commands run, six clients ask for bytes and must not be refused once. Two ask for
    receipts, and wait for as long as a 503 tells them: each gets all its receipts, none twice."""

    def bytes_client(over):
        answers = []
        while not over.is_set():
            answers.append(ask(base, key))
        return answers

    def receipts_client(over):
        indexes, refused, longest, wrong = [], 0, 0.0, []
        while not over.is_set() and not wrong:
            began = time.monotonic()
            status, head, body = fetch(base, key, "/v1/vrf?sig=ecdsa")
            while status == 503 and "Retry-After" in head and time.monotonic() - began < 60:
                refused += 1
                time.sleep(float(head["Retry-After"]))
                status, head, body = fetch(base, key, "/v1/vrf?sig=ecdsa")
            longest = max(longest, time.monotonic() - began)
            if status == 200:
                indexes.append(json.loads(body)["index"])
            else:
                wrong.append((status, body[:200]))
        return indexes, refused, longest, wrong

    results = while_running(commands, *[bytes_client] * 6, *[receipts_client] * 2)
    answers = [status for client_answers in results[:6] for status in client_answers]
    bad = [status for status in answers if status != 200]
    print(f"  bytes: {len(answers)} requests, {len(bad)} not answered {bad[:5]}")
    indexes, refused, longest, wrong = zip(*results[6:])
    indexes, wrong = sum(indexes, []), sum(wrong, [])
    print(f"  receipts: {len(indexes)}, {sum(refused)} times told to wait, the longest wait was {max(longest):.1f} s")
    expect(len(answers) > 100 and not bad, f"{len(bad)} requests for bytes failed")
    expect(not wrong, f"receipts: {wrong}")
    expect(len(indexes) > 10 and len(set(indexes)) == len(indexes), "a receipt twice, or too few")


def until(base, key, wanted, seconds):
    """Waits until the key is answered with a status."""
    began = time.monotonic()
    while (status := ask(base, key)) != int(wanted):
        expect(time.monotonic() - began < float(seconds), f"{status} instead of {wanted} for {seconds} s")
        time.sleep(0.02)
    print(f"  {wanted} after {time.monotonic() - began:.2f} s")


CHECKS = {"rate": rate, "revoked": revoked, "last-unit": last_unit, "outage": outage, "steady": steady, "rolling": rolling,
          "until": until}

if __name__ == "__main__":
    CHECKS[sys.argv[1]](*sys.argv[2:])
