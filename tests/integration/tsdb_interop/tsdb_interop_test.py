#!/usr/bin/env python3
"""Data directories go back and forth between our store and Prometheus': what one wrote the other reads, to the bit.

Prometheus 3 speaks through tests/testing/promtsdb, Debian's 2.42 through its own programs. Ours are tsdb_write and
tsdb_dump. All print the same lines, so that "the same" is a comparison of texts.
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "testing"))
import agentlib  # noqa: E402
import promtsdb  # noqa: E402

PROGRAMS = pathlib.Path(os.environ.get("TICKBIRD_TEST_PROGRAMS", agentlib.ROOT / "build/release/tests"))
START, ROUNDS, STEP = 1_700_000_000_000, 600, 15_000
END = START + ROUNDS * STEP

# Ours leaves its lock file where it is; Prometheus says so each time.
HARMLESS = ("A lockfile from a previous execution",)


def run(*argv):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError("%s\nended with %d: %s" % (" ".join(map(str, argv)), done.returncode, done.stderr[-2000:]))
    return done.stdout, done.stderr


def difference(expected, got):
    """A few lines of what is missing and what is too much, or None."""
    if expected == got:
        return None
    missing, extra = sorted(set(expected) - set(got)), sorted(set(got) - set(expected))
    show = lambda lines: "".join("\n    " + line[:240] for line in lines[:4])
    return "of %d lines %d are missing, %d are too many (or the order differs)\n  missing:%s\n  too many:%s" % (
        len(expected), len(missing), len(extra), show(missing), show(extra))


class Directory(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tickbird_interop_"))
        self.addCleanup(shutil.rmtree, self.root)

    def copy(self, directory):
        target = pathlib.Path(tempfile.mkdtemp(dir=self.root))
        shutil.copytree(directory, target, dirs_exist_ok=True)
        return target

    def ours_writes(self, *flags):
        directory = pathlib.Path(tempfile.mkdtemp(dir=self.root))
        out, err = run(PROGRAMS / "tsdb_write", directory, *flags)
        self.assertEqual(err, "")
        return directory, out.splitlines()

    def ours_reads(self, directory, *flags):
        """All lines, from a copy: our start repairs."""
        out, err = run(PROGRAMS / "tsdb_dump", self.copy(directory), *flags)
        self.assertEqual(err, "")
        return out.splitlines()

    def assert_same(self, expected, got, what):
        self.assertGreater(len(expected), 1000, "the truth itself is too small")
        found = difference(expected, got)
        self.assertIsNone(found, "%s: %s" % (what, found))


class Prometheus3(Directory):
    @classmethod
    def setUpClass(cls):
        cls.built = tempfile.TemporaryDirectory(prefix="tickbird_promtsdb_")
        cls.addClassCleanup(cls.built.cleanup)
        cls.witness = promtsdb.build(PROGRAMS if os.access(PROGRAMS, os.W_OK) else cls.built.name)

    def theirs_writes(self, *flags):
        directory = pathlib.Path(tempfile.mkdtemp(dir=self.root))
        return directory, run(self.witness, "write", directory, *flags)[0].splitlines()

    def theirs_reads(self, directory, harmless=HARMLESS):
        """As a server that starts there reads it; every complaint fails the test."""
        out, err = run(self.witness, "check", self.copy(directory))
        complaints = [line for line in err.splitlines() if not any(text in line for text in harmless)]
        self.assertEqual(complaints, [])
        return out.splitlines()


class OursFromPrometheus3(Prometheus3):
    # No deletions together with samples out of order: Prometheus' own compaction brings such samples back.
    def check(self, *flags):
        directory, truth = self.theirs_writes(*flags)
        self.assert_same(truth, self.theirs_reads(directory), "Prometheus on its own directory")
        self.assert_same(truth, self.ours_reads(directory), "our store")
        return directory, truth

    def test_log_and_head_chunks(self):
        directory, _ = self.check()
        self.assertGreater(len(list((directory / "wal").iterdir())), 5, "several segments")
        self.assertTrue(any((directory / "chunks_head").iterdir()))

    def test_log_with_zstd_after_a_crash(self):
        self.check("--compression=zstd", "--clean=false")

    def test_log_without_compression(self):
        self.check("--compression=none", "--clean=false")

    def test_blocks_of_two_levels_and_a_checkpoint(self):
        directory, _ = self.check("--block=10m", "--levels=2")
        levels = {json.loads(meta.read_text())["compaction"]["level"] for meta in directory.glob("*/meta.json")}
        self.assertGreater(max(levels), 1)
        self.assertTrue(list((directory / "wal").glob("checkpoint.*")))

    def test_out_of_order_in_the_head(self):
        self.check("--ooo=20m")

    def test_out_of_order_in_blocks(self):
        self.check("--ooo=20m", "--block=30m")

    def test_what_comes_late_among_histograms_is_left_out_of_the_head(self):
        """Our head takes no histograms out of order, and no floats between histograms; blocks hold them."""
        directory, truth = self.theirs_writes("--ooo=20m", "--block=30m", "--ooo-histograms")
        got = self.ours_reads(directory)
        self.assertLessEqual(set(got), set(truth))
        self.assertGreater(len(got), len(truth) * 0.9)

    def test_out_of_order_after_a_crash(self):
        self.check("--ooo=20m", "--clean=false", "--compression=zstd")

    def test_deletions_in_the_head(self):
        self.check("--deletes")

    def test_deletions_in_head_and_blocks(self):
        directory, _ = self.check("--deletes", "--block=30m")
        self.assertTrue(any(f.stat().st_size > 9 for f in directory.glob("*/tombstones")))

    def test_exemplars(self):
        _, truth = self.check("--exemplars", "--clean=false")
        self.assertTrue(any('"e":' in line for line in truth))

    def test_a_memory_snapshot_is_not_needed(self):
        self.check("--snapshot")

    def test_other_seeds(self):
        for seed in (2, 3, 4):
            self.check("--seed=%d" % seed, "--ooo=10m", "--block=20m", "--levels=2", "--compression=zstd")

    def test_an_unknown_chunk_encoding_is_named(self):
        directory, truth = self.theirs_writes("--encoding=xor2", "--block=30m")
        done = subprocess.run([str(PROGRAMS / "tsdb_dump"), str(self.copy(directory))], capture_output=True, text=True)
        self.assertIn("encod", done.stderr)
        self.assertLessEqual(set(done.stdout.splitlines()), set(truth), "what can be read is right")


class Prometheus3FromOurs(Prometheus3):
    def check(self, *flags):
        directory, truth = self.ours_writes(*flags)
        self.assert_same(truth, self.ours_reads(directory), "our store on its own directory")
        self.assert_same(truth, self.theirs_reads(directory), "Prometheus")
        return directory, truth

    def check_dump(self, directory, truth):
        """promtool's view too, which changes nothing and keeps no exemplars."""
        out, _ = run(self.witness, "dump", directory)
        self.assert_same([line for line in truth if '"e":' not in line], out.splitlines(), "promtsdb dump")

    def test_log_and_head_chunks(self):
        directory, truth = self.check()
        self.assertTrue(any((directory / "chunks_head").iterdir()))
        self.check_dump(directory, truth)

    def test_log_after_a_crash(self):
        self.check("--crash", "--late=600000")

    def test_blocks_and_a_checkpoint(self):
        directory, truth = self.check("--block=600000")
        self.assertTrue(list((directory / "wal").glob("checkpoint.*")))
        levels = {json.loads(meta.read_text())["compaction"]["level"] for meta in directory.glob("*/meta.json")}
        self.assertGreater(max(levels), 1)
        self.check_dump(directory, truth)

    def test_out_of_order_in_the_head(self):
        self.check("--late=1200000")

    def test_out_of_order_and_blocks(self):
        directory, truth = self.check("--late=600000", "--block=1200000")
        self.check_dump(directory, truth)

    def test_deletions_in_the_head(self):
        self.check("--deletes")

    def test_deletions_in_head_and_blocks(self):
        directory, truth = self.check("--deletes", "--block=1200000")
        self.check_dump(directory, truth)

    def test_deletions_that_left_the_disk(self):
        self.check("--deletes", "--clean-tombstones", "--block=1200000")

    def test_exemplars(self):
        _, truth = self.check("--exemplars", "--crash")
        self.assertTrue(any('"e":' in line for line in truth))

    def test_other_seeds(self):
        for seed in (2, 3, 4):
            self.check("--seed=%d" % seed, "--late=300000", "--block=900000")

    def test_deletions_of_what_came_late(self):
        """Prometheus hides nothing that its log of late samples holds, not even what it deleted itself."""
        for seed in (2, 3):
            directory, truth = self.ours_writes("--seed=%d" % seed, "--late=300000", "--block=900000", "--deletes")
            self.assert_same(truth, self.ours_reads(directory), "our store on its own directory")
            self.assertLessEqual(set(truth), set(self.theirs_reads(directory)))


class ThereAndBack(Prometheus3):
    def test_ours_goes_on_after_prometheus_worked_there(self):
        directory, truth = self.ours_writes("--late=600000", "--block=600000")
        run(self.witness, "check", "--blocks", directory)
        self.assert_same(truth, self.ours_reads(directory), "our store after Prometheus compacted")
        self.assert_same(truth, self.ours_reads(directory, "--maintain=%d" % END), "and after ours compacted on")

    def test_prometheus_goes_on_after_ours_worked_there(self):
        directory, truth = self.theirs_writes("--ooo=20m", "--block=30m")
        run(PROGRAMS / "tsdb_dump", directory, "--maintain=%d" % END)
        # Late samples of theirs that belong into a chunk on disk make ours write that chunk again. Theirs then says that
        # chunks overlap, drops them, and reads the log instead.
        got = self.theirs_reads(directory, HARMLESS + ("Loading on-disk chunks failed",))
        self.assert_same(truth, got, "Prometheus after ours compacted")


def promtool_lines(truth):
    """The lines of `promtool tsdb dump`, with values as numbers."""
    lines = []
    for line in truth:
        sample = json.loads(line)
        labels = ", ".join("%s=%s" % (name, json.dumps(value, ensure_ascii=False)) for name, value in sample["s"].items())
        value = struct.unpack(">d", bytes.fromhex(sample["f"]))[0]
        lines.append("{%s} %r %d" % (labels, value, sample["t"]))
    return sorted(lines)


def parsed_promtool(out):
    lines = []
    for line in out.splitlines():
        labels, value, timestamp = line.rsplit(" ", 2)
        lines.append("%s %r %s" % (labels, float(value), timestamp))
    return sorted(lines)


class Debian(Directory):
    """2.42 knows floats, names of the old alphabet and snappy."""
    FLAGS = ("--floats", "--legacy", "--block=1800000")

    def setUp(self):
        super().setUp()
        agentlib.need("promtool", "prometheus")

    def test_promtool_dumps_every_sample(self):
        for flags in ((), ("--deletes",), ("--late=600000",), ("--crash",)):
            directory, truth = self.ours_writes(*self.FLAGS, *flags)
            out, err = run("promtool", "tsdb", "dump", self.copy(directory))
            self.assert_same(promtool_lines(truth), parsed_promtool(out), "promtool with %s: %s" % (flags, err))

    def test_promtool_lists_and_analyzes_our_blocks(self):
        directory, truth = self.ours_writes(*self.FLAGS)
        blocks = sorted(meta.parent.name for meta in directory.glob("*/meta.json"))
        listed, _ = run("promtool", "tsdb", "list", directory)
        rows = [line.split() for line in listed.splitlines()[1:]]
        self.assertEqual(sorted(row[0] for row in rows), blocks)
        for row in rows:
            stats = json.loads((directory / row[0] / "meta.json").read_text())["stats"]
            self.assertEqual([int(n) for n in row[4:7]], [stats["numSamples"], stats["numChunks"], stats["numSeries"]])
        for block in blocks:
            analyzed, _ = run("promtool", "tsdb", "analyze", directory, block)
            stats = json.loads((directory / block / "meta.json").read_text())["stats"]
            self.assertIn("\nSeries: %d\n" % stats["numSeries"], analyzed)

    def test_a_real_prometheus_starts_and_answers(self):
        directory, truth = self.ours_writes(*self.FLAGS)
        (self.root / "prometheus.yml").write_text("global: {}\n")
        port = agentlib.free_port()
        log = self.root / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["prometheus", "--config.file=%s" % (self.root / "prometheus.yml"), "--storage.tsdb.path=%s" % directory,
                 "--storage.tsdb.retention.time=20y", "--web.listen-address=127.0.0.1:%d" % port], stdout=out, stderr=out)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        url = "http://127.0.0.1:%d" % port

        def ready():
            self.assertIsNone(process.poll(), log.read_text())
            try:
                return agentlib.http("GET", url + "/-/ready").status == 200
            except OSError:
                return False
        agentlib.wait_for(ready, "prometheus on our directory")
        query = "/api/v1/query?time=%d&query=" % (END // 1000) + "sum(count_over_time({n!=%22%22}[4h]))"
        answer = agentlib.http("GET", url + query).json()
        live = [json.loads(line) for line in truth]
        # Queries do not see stale markers.
        expected = sum(sample["f"] != "7ff0000000000002" for sample in live)
        self.assertEqual(int(answer["data"]["result"][0]["value"][1]), expected)
        self.assertNotIn("level=error", log.read_text())
        self.assertNotIn("orrupt", log.read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
