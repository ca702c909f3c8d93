"""Tests of these scripts: python3 proof/statistics/tests.py (no tool and no re4_dump needed)."""

import math
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import dieharder
import report
import sp800_22
import stream

# A closed pipe is exit code 0, as of re4_dump, and one that is killed by it.
GOOD = [sys.executable, "-c", """
import os
try:
    while True: os.write(1, bytes(5000))
except BrokenPipeError:
    pass
"""]
ENDLESS = ["cat", "/dev/zero"]


def reader(count: int) -> list[str]:
    """A tool that reads so many bytes and not one more."""
    code = f"import os\nleft = {count}\nwhile left: left -= len(os.read(0, min(left, 65536)))"
    return [sys.executable, "-c", code]


class Stream(unittest.TestCase):
    def feed(self, source, tool):
        with tempfile.TemporaryFile("w") as output, open(os.devnull, "w") as sys.stderr:
            try:
                return stream.feed(source, tool, output, stream.Progress("test", 1), "tool")
            finally:
                sys.stderr = sys.__stderr__

    def test_counts_the_bytes_that_the_tool_read(self):
        for count in (0, 1, 4097, 20_000_001):
            self.assertEqual(self.feed(GOOD, reader(count)), (count, 0))

    def test_a_source_that_ends_is_no_result(self):
        with self.assertRaisesRegex(RuntimeError, "ended by itself, exit code 4"):
            self.feed(["sh", "-c", "echo; exit 4"], reader(1000))

    def test_a_source_must_end_well_when_the_pipe_closes(self):
        with self.assertRaisesRegex(RuntimeError, "closed pipe"):
            self.feed(ENDLESS, reader(10))


class Dieharder(unittest.TestCase):
    def test_the_tests_are_those_of_all(self):
        self.assertEqual(len(dieharder.TESTS), 80)
        self.assertEqual(dieharder.command(203, 0)[3:], ["-d", "203", "-n", "0"])

    def test_reads_every_verdict_and_nothing_else(self):
        with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
            log.write(
                "        test_name   |ntup| tsamples |psamples|  p-value |Assessment\n"
                "        diehard_dna|   0|   2097152|     100|0.99999990|  FAILED  \n"
                "          sts_serial|  10|    100000|     100|0.99522530|   WEAK   \n"
                "         sts_monobit|   1|    100000|     100|0.37125176|  PASSED  \n"
                "# 40 bytes read by: dieharder\n"
            )
            log.flush()
            found = dieharder.results(pathlib.Path(log.name).read_text())
        self.assertEqual([match.group(3) for match in found], ["FAILED", "WEAK", "PASSED"])


class Kept(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / "a.log"

    def keep(self, source, tool, is_good):
        stream.keep(self.log, source, tool, stream.Progress("test", 1), "test", is_good)

    def test_a_complete_log_says_what_was_read_and_is_not_made_again(self):
        self.keep(GOOD, reader(12345), lambda code, text: code == 0)
        self.assertEqual(stream.read_by(self.log), 12345)
        before = self.log.read_text()
        self.keep(["no-such-program"], ["no-such-tool"], lambda code, text: False)
        self.assertEqual(self.log.read_text(), before)

    def test_a_log_without_a_result_is_no_log(self):
        with self.assertRaisesRegex(RuntimeError, "gave no result"):
            self.keep(GOOD, reader(100), lambda code, text: False)
        self.assertFalse(self.log.exists())


class Chances(unittest.TestCase):
    def test_binomial_tail(self):
        self.assertAlmostEqual(report.at_least(1, 114, 0.01), 1 - 0.99**114)
        self.assertEqual(report.at_least(0, 10, 0.5), 1)
        self.assertAlmostEqual(report.at_least(9, 10, 0.5), 11 / 1024)

    def test_chi_square_with_nine_degrees(self):
        for value, chance in ((16.919, 0.05), (21.666, 0.01), (3.325, 0.95)):
            self.assertAlmostEqual(sp800_22.upper_gamma_4_5(value / 2), chance, places=4)

    def test_uniformity_sees_a_heap(self):
        even = [(k + 0.5) / 300 for k in range(300)]
        self.assertAlmostEqual(sp800_22.uniformity(even), 1)
        self.assertLess(sp800_22.uniformity([0.5] * 100 + even[:200]), 1e-9)


class Sp80022(unittest.TestCase):
    def test_bits_of_e(self):
        e = int("".join(map(str, sp800_22.bits_of_e()[:52])), 2) / 2**50
        self.assertAlmostEqual(e, math.e, places=14)

    def test_there_are_148_templates(self):
        with tempfile.TemporaryDirectory() as folder:
            code = "import sp800_22; sp800_22.write_templates()"
            place = {"PYTHONPATH": str(report.HERE), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
            subprocess.run([sys.executable, "-c", code], cwd=folder, env=place, check=True)
            words = (pathlib.Path(folder) / "templates/template9").read_text().splitlines()
        self.assertEqual((len(words), words[0]), (148, "0 0 0 0 0 0 0 0 1"))

    def test_too_many_low_p_values_fail(self):
        good = [{"runs": (k + 0.5) / 100} for k in range(100)]
        bad = [{"runs": 0.001} for _ in range(5)] + good[:95]
        self.assertTrue(sp800_22.row("runs", 1, good)[1])
        self.assertFalse(sp800_22.row("runs", 1, bad)[1])


if __name__ == "__main__":
    unittest.main()
