"""NIST SP 800-22: the fifteen tests of NIST's own C code on sequences of 10^6 bits.

The code comes as the PyPI package sp80022suite. Before it is used, it must give the p-values that
SP 800-22 prints for the first 10^6 bits of e. Of a test with several p-values the package gives the
smallest, m; it is judged as 1 - (1 - m)^k, which is exact for k independent p-values and lets too
few sequences fail, never too many, where they hang together.
"""

import json
import math
import os
import subprocess

import report
import stream

BITS = 1_000_000
SEQUENCES = {"quick": 10, "standard": 300, "full": 1000}
ALPHA, ALPHA_UNIFORM = 0.01, 0.0001  # SP 800-22 §4.2.1, §4.2.2

# Name in the package, parameters (§2), number of p-values, and the p-value for e (appendix B).
TESTS = [
    ("frequency", (), 1, "0.953749"),
    ("block_frequency", (128,), 1, "0.211072"),
    ("cumulative_sums", (), 2, "0.669886"),
    ("runs", (), 1, "0.561917"),
    ("longest_run_of_ones", (), 1, "0.718945"),
    ("rank", (), 1, "0.306156"),
    ("discrete_fourier_transform", (), 1, "0.847187"),
    ("non_overlapping_template_matchings", (9,), 148, None),
    ("overlapping_template_matchings", (9,), 1, "0.110434"),
    ("universal", (), 1, "0.282568"),
    ("approximate_entropy", (10,), 1, "0.700073"),
    ("random_excursions", (), 8, None),
    ("random_excursions_variant", (), 18, None),
    ("serial", (16,), 2, "0.462921"),
    ("linear_complexity", (500,), 1, "0.826335"),
]
EXPANDED = [bytes(byte >> 7 - bit & 1 for bit in range(8)) for byte in range(256)]


def bits_of_e() -> bytes:
    """The first bits of e, one a byte: the sum of 1/k! by binary splitting."""

    def split(first, last):
        if last - first == 1:
            return 1, last
        middle = (first + last) // 2
        (p, q), (r, s) = split(first, middle), split(middle, last)
        return p * s + r, q * s

    terms = 10
    while math.lgamma(terms + 1) < (BITS + 64) * math.log(2):
        terms *= 2
    above_one, unit = split(0, terms)
    return bytes(map(int, bin(((above_one + unit) << BITS) // unit)[2 : 2 + BITS]))


def write_templates():
    """The 148 aperiodic templates of nine bits, where the package looks for them: in the working folder."""
    os.makedirs("templates", exist_ok=True)
    words = (f"{word:09b}" for word in range(512))
    aperiodic = [w for w in words if all(w[shift:] != w[: 9 - shift] for shift in range(1, 9))]
    with open("templates/template9", "w") as file:
        file.writelines(" ".join(word) + "\n" for word in aperiodic)


def check_known_answers(suite):
    bits = bits_of_e()
    for name, parameters, _, expected in TESTS:
        got = f"{getattr(suite, name)(*parameters, bits):.6f}"
        if expected not in (None, got):
            raise RuntimeError(f"{name} of e is {got}, SP 800-22 has {expected}")


def assess(suite, sequence: bytes) -> dict[str, float | None]:
    bits = b"".join(EXPANDED[byte] for byte in sequence)
    values = {}
    for name, parameters, _, _ in TESTS:
        try:
            values[name] = getattr(suite, name)(*parameters, bits)
        except ValueError:
            values[name] = None  # too few cycles for the two tests of random excursions (§2.14.7)
    return values


def measure(suite, arguments, log, progress) -> list[dict]:
    """Assesses the sequences that the log does not have yet."""
    done = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    progress.done = len(done)
    wanted = SEQUENCES[arguments.size]
    if len(done) >= wanted:
        return done[:wanted]
    call = [arguments.program, "--engine", arguments.engine]
    generator = subprocess.Popen(call, stdout=subprocess.PIPE)
    with log.open("a") as output:
        while len(done) < wanted:
            sequence = generator.stdout.read(BITS // 8)
            if len(sequence) < BITS // 8:
                raise RuntimeError(f"re4_dump ended by itself, exit code {generator.wait()}")
            done.append(assess(suite, sequence))
            output.write(json.dumps(done[-1]) + "\n")
            output.flush()
            progress.step("sequences of 10^6 bits")
    generator.stdout.close()
    if generator.wait() != 0:
        raise RuntimeError("re4_dump answered a closed pipe with an exit code that is not 0")
    return done


def upper_gamma_4_5(x: float) -> float:
    """Q(9/2, x), the chance of a chi-square with nine degrees of freedom above 2x."""
    total, term = math.erfc(math.sqrt(x)), math.sqrt(x / math.pi) * math.exp(-x) * 2
    for step in range(4):
        total += term
        term *= x / (step + 1.5)
    return total


def uniformity(values: list[float]) -> float:
    """The p-value of ten equal bins (§4.2.2)."""
    bins = [0] * 10
    for value in values:
        bins[min(int(value * 10), 9)] += 1
    expected = len(values) / 10
    return upper_gamma_4_5(sum((count - expected) ** 2 / expected for count in bins) / 2)


def row(name: str, parts: int, done: list[dict]) -> tuple[str, bool]:
    smallest = [result[name] for result in done if result[name] is not None]
    if not smallest:
        return f"| {name} | {parts} | 0 | | | | | not applicable |\n", True
    values = [1 - (1 - p) ** parts for p in smallest]
    count, below = len(values), sum(value < ALPHA for value in values)
    least = 1 - ALPHA - 3 * math.sqrt(ALPHA * (1 - ALPHA) / count)
    good = (count - below) / count >= least
    uniform = ""
    if parts == 1 and count >= 55:
        p = uniformity(values)
        good, uniform = good and p >= ALPHA_UNIFORM, f"{p:.4f}"
    chance = report.at_least(below, count, ALPHA)
    cells = [name, parts, count, below, f"{count * ALPHA:.1f}", f"{chance:.3f}", uniform]
    cells.append("PASSED" if good else "**FAILED**")
    return f"| {' | '.join(map(str, cells))} |\n", good


def summary(arguments, done: list[dict]) -> str:
    rows = [row(name, parts, done) for name, _, parts, _ in TESTS]
    passed = sum(good for _, good in rows)
    facts = [
        ("tool", "NIST's C code in PyPI's sp80022suite 0.0.8; it gave SP 800-22's p-values for the bits of e"),
        ("command", f"`re4_dump --engine {arguments.engine}`, {len(done)} sequences of 10^6 bits"),
        ("bytes read", report.size_of(len(done) * BITS // 8) + ", nothing rewound"),
    ]
    return report.head(f"NIST SP 800-22 on `{arguments.engine}`", arguments, facts) + f"""\
{passed} of {len(rows)} tests passed, {len(rows) - passed} failed.

A test passes when the share of sequences with p ≥ 0.01 is at least 0.99 − 3·√(0.99·0.01/n) (§4.2.1) and, for a test
with one p-value and at least 55 sequences, the p-values are uniform with p ≥ 0.0001 (§4.2.2). About 1 sequence in 100
has p < 0.01 by definition. Where a test has several p-values, the smallest m of k is judged as 1 − (1 − m)^k.
Sequences with too few zero crossings are not applicable to the tests of random excursions (§2.14).

| test | p-values each | sequences | with p < 0.01 | expected | chance of so many or more | uniformity | verdict |
|---|---|---|---|---|---|---|---|
{"".join(text for text, _ in rows)}"""


def main():
    arguments = report.arguments(__doc__.splitlines()[0])
    name = f"{arguments.engine}-sp800-22"
    try:
        import sp80022suite
    except ImportError:
        report.not_run(name, "sp80022suite is not installed (proof/statistics/tools.sh)")
        return
    log = report.logs(arguments.program, arguments.size, arguments.engine) / "sp800-22.jsonl"
    arguments.program = os.path.abspath(arguments.program)
    os.chdir(log.parent)
    write_templates()
    check_known_answers(sp80022suite)
    done = measure(sp80022suite, arguments, log, stream.Progress(name, SEQUENCES[arguments.size]))
    report.write(name, arguments.size, summary(arguments, done))


if __name__ == "__main__":
    report.run(main)
