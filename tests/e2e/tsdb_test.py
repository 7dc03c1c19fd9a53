#!/usr/bin/env python3
"""`tickbird tsdb`: data directories on disk, held against promtool and a real Prometheus."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../testing"))
from agentlib import *  # noqa: E402,F403

HOUR0 = 1_700_000_000 // 7200 * 7200  # a block range starts here


def tsdb(*args, code=0, **kwargs):
    result = subprocess.run([str(BINARY), "tsdb", *map(str, args)], capture_output=True, text=True, **kwargs)
    if result.returncode != code:
        raise AssertionError("%s: exit code %d, not %d\n%s%s" % (args, result.returncode, code, result.stdout, result.stderr))
    return result


def openmetrics(seconds=10_000, step=1):
    """Two blocks of a counter and two gauges, one of them hard to write down."""
    lines = ["# TYPE requests counter", "# HELP requests Requests so far."]
    lines += ['requests_total{code="%s"} %d %d' % (code, i * (7 if code == "200" else 1), HOUR0 + i)
              for code in ("200", "500") for i in range(0, seconds, step)]
    lines += ["# TYPE temperature gauge"]
    lines += ['temperature{place="a \\"b\\" \\\\ c\\nd"} %r %d.5' % (20 + i / 7, HOUR0 + i) for i in range(0, seconds, step * 10)]
    lines += ["odd{} %s %d" % (value, HOUR0 + i) for i, value in enumerate(["NaN", "+Inf", "-Inf", "1e-300", "0", "123456789"])]
    return "\n".join(lines) + "\n# EOF\n"


class Tsdb(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tickbird_tsdb_")
        self.path = pathlib.Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)

    def write(self, text, name="metrics.om"):
        (self.path / name).write_text(text)
        return self.path / name

    def imported(self, name="data", **kwargs):
        directory = self.path / name
        tsdb("import", "openmetrics", self.write(openmetrics(**kwargs)), directory)
        return directory

    def dump(self, directory, *args):
        return tsdb("dump", directory, *args).stdout

    # --- what is in a directory

    def test_list_names_the_blocks_and_what_they_hold(self):
        directory = self.imported()
        table = tsdb("list", directory).stdout.splitlines()
        self.assertEqual(table[0].split("  ")[0], "BLOCK ULID")
        self.assertEqual(len(table), 3, "two hours each")
        blocks = json.loads(tsdb("list", "--json", directory).stdout)["blocks"]
        self.assertEqual(sum(b["samples"] for b in blocks), 2 * 10_000 + 1000 + 6)
        self.assertTrue(all(b["hints"] == ["imported"] for b in blocks))
        self.assertIn("KiB", tsdb("list", "-r", directory).stdout)

    def test_list_says_what_promtool_says(self):
        need("promtool")
        directory = self.imported()
        theirs = subprocess.run(["promtool", "tsdb", "list", str(directory)], capture_output=True, text=True, check=True).stdout
        ours = tsdb("list", directory).stdout
        # Their size is that of all files, ours as well; roll-ups are in neither.
        columns = lambda text: [line.split()[:7] for line in text.splitlines()[1:]]
        self.assertEqual(columns(ours), columns(theirs))

    def test_analyze_counts_as_promtool_does(self):
        need("promtool")
        directory = self.imported()
        theirs = subprocess.run(["promtool", "tsdb", "analyze", str(directory)], capture_output=True, text=True, check=True).stdout
        ours = tsdb("analyze", directory).stdout
        for line in theirs.splitlines():
            if re.match(r"(Block ID|Series|Label names|Postings|\d+ \w+$)", line):
                self.assertIn(line, ours)
        document = json.loads(tsdb("analyze", "--json", directory).stdout)
        self.assertEqual(document["metricSeries"][0], {"name": "requests_total", "value": 2})

    def test_dump_equals_promtools(self):
        need("promtool")
        directory = self.imported()
        (directory / "wal").mkdir(exist_ok=True)
        (directory / "chunks_head").mkdir(exist_ok=True)
        theirs = subprocess.run(["promtool", "tsdb", "dump", str(directory)], capture_output=True, text=True, check=True).stdout
        self.assertEqual(sorted(self.dump(directory).splitlines()), sorted(theirs.splitlines()))

    def test_dump_takes_a_selector_and_times(self):
        directory = self.imported()
        lines = self.dump(directory, "--match", 'requests_total{code=~"5.."}', "--min-time", HOUR0 + 10, "--max-time", HOUR0 + 12).splitlines()
        self.assertEqual(lines, ['{__name__="requests_total", code="500"} %d %d000' % (i, HOUR0 + i) for i in (10, 11, 12)])
        self.assertIn("--match", tsdb("dump", directory, "--match", "1 + 1", code=2).stderr)

    def test_dump_holds_what_a_running_agent_has_in_its_log(self):
        with Agent() as agent:
            wait_for(lambda: (agent.value("count_over_time(node_load1[10s])") or 0) >= 3, "three samples")
            lines = self.dump(agent.directory / "data", "--match", "node_load1").splitlines()
            self.assertGreaterEqual(len(lines), 3)
            self.assertEqual(agent.get("/-/ready").status, 200)
            self.assertIn("in use", tsdb("import", "openmetrics", self.write(openmetrics()), agent.directory / "data", code=1).stderr)
            self.assertIn("in use", tsdb("repair", agent.directory / "data", code=1).stderr)

    # --- round trips

    def test_export_import_brings_the_same_samples(self):
        directory = self.imported()
        exported = self.path / "exported.om"
        tsdb("export", directory, "--output", exported)
        tsdb("import", "openmetrics", exported, self.path / "again")
        self.assertEqual(self.dump(self.path / "again"), self.dump(directory))

    def test_promtool_makes_the_same_blocks_of_our_export(self):
        need("promtool")
        directory = self.imported()
        exported = self.path / "exported.om"
        tsdb("export", directory, "--output", exported)
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", str(exported), str(self.path / "theirs")], check=True, capture_output=True)
        tsdb("import", "dir", self.path / "theirs", self.path / "back")
        self.assertEqual(self.dump(self.path / "back"), self.dump(directory))
        self.assertIn("no damage", tsdb("verify", self.path / "back").stdout)

    def test_import_of_an_agents_directory_brings_its_log(self):
        with Agent() as agent:
            agent.send_statsd("visits:3|c")
            wait_for(lambda: agent.value("visits_total") == 3, "the counter")
            agent.kill9()
            source = agent.directory / "data"
            tsdb("import", "dir", source, self.path / "copy")
            self.assertEqual(self.dump(self.path / "copy"), self.dump(source))
            self.assertIn("already", tsdb("import", "dir", self.path / "copy", self.path / "copy").stderr)

    def test_import_from_a_running_prometheus(self):
        need("prometheus", "promtool")
        now = int(time.time())
        text = "".join("up_since{i=\"%d\"} %d %d\n" % (i, t - now, t) for i in range(3) for t in range(now - 3 * 3600, now - 60, 15)) + "# EOF\n"
        data = self.path / "prometheus"
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", str(self.write(text)), str(data)], check=True, capture_output=True)
        (self.path / "prometheus.yml").write_text("{}")
        port = free_port()
        server = subprocess.Popen(["prometheus", "--config.file=%s" % (self.path / "prometheus.yml"), "--storage.tsdb.path=%s" % data,
                                   "--web.listen-address=127.0.0.1:%d" % port, "--query.max-samples=1000"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = "http://127.0.0.1:%d" % port
            def ready():
                with contextlib.suppress(OSError):
                    return http("GET", url + "/-/ready").status == 200
            wait_for(ready, "prometheus is ready")
            tsdb("import", "url", url, self.path / "data", "--match", "up_since", "--since", "4h")
        finally:
            server.terminate()
            server.wait()
        lines = self.dump(self.path / "data").splitlines()
        expected = ['{__name__="up_since", i="%d"} %d %d000' % (i, t - now, t) for i in range(3) for t in range(now - 3 * 3600, now - 60, 15)]
        self.assertEqual(lines, expected)
        self.assertIn("does not answer", tsdb("import", "url", url, self.path / "data", code=1).stderr)

    # --- bad input

    def test_a_malformed_file_names_the_line_and_imports_nothing(self):
        text = openmetrics(100).replace('requests_total{code="200"} 70 ', 'requests_total{code="200" 70 ')
        file = self.write(text)
        line = text[:text.index('{code="200" 70')].count("\n") + 1
        error = tsdb("import", "openmetrics", file, self.path / "data", code=2).stderr
        self.assertIn("line %d:" % line, error)
        self.assertEqual([p.name for p in (self.path / "data").iterdir() if p.name != "lock"], [])
        told = tsdb("import", "openmetrics", "--continue", file, self.path / "data").stderr
        self.assertIn("line %d:" % line, told)
        self.assertIn("imported 215 samples", told)

    def test_text_without_times_or_end_is_refused(self):
        self.assertIn("line 2: the sample has no timestamp", tsdb("import", "openmetrics", self.write("up 1 1\nup 1\n# EOF\n"), self.path / "data", code=2).stderr)
        self.assertIn("EOF", tsdb("import", "openmetrics", self.write("up 1 1\n"), self.path / "data", code=2).stderr)

    def test_samples_of_the_agents_own_time_are_refused(self):
        future = int(time.time()) + 3600
        error = tsdb("import", "openmetrics", self.write("up 1 %d\n# EOF\n" % future), self.path / "data", code=1).stderr
        self.assertIn("belongs to the agent itself", error)
        with Agent() as agent:
            wait_for(lambda: agent.value("node_load1") is not None, "a sample")
            agent.kill9()
            # Rounded up: the first sample may be of this very second.
            now = int(time.time()) + 1
            error = tsdb("import", "openmetrics", self.write("up 1 %d\n# EOF\n" % now), agent.directory / "data", code=1).stderr
            self.assertIn("belongs to the agent itself", error)
            tsdb("import", "openmetrics", self.write("up 1 %d\n# EOF\n" % (now - 3600)), agent.directory / "data")

    def test_the_agent_serves_what_was_imported(self):
        with Agent() as agent:
            wait_for(lambda: agent.value("node_load1") is not None, "a sample")
            agent.kill9()
            now = int(time.time())
            tsdb("import", "openmetrics", self.write("imported 42 %d\n# EOF\n" % (now - 3600)), agent.directory / "data")
            agent.start()
            self.assertEqual(agent.value("imported offset 59m"), 42)

    def test_directories_that_are_none(self):
        self.assertIn("no such directory", tsdb("list", self.path / "missing", code=1).stderr)
        self.assertFalse((self.path / "missing").exists())
        self.assertIn("no blocks yet", tsdb("analyze", self.path, code=1).stderr)

    def test_a_newer_version_is_refused_untouched(self):
        directory = self.imported()
        block = next(p for p in directory.iterdir() if (p / "meta.json").exists())
        meta = json.loads((block / "meta.json").read_text())
        meta["version"] = 9
        meta.pop("tickbird", None)
        (block / "meta.json").write_text(json.dumps(meta))
        before = sorted(p.name for p in directory.iterdir())
        for command in (["list"], ["dump"], ["repair"]):
            self.assertIn("version", tsdb(*command, directory, code=1).stderr)
        self.assertEqual(sorted(p.name for p in directory.iterdir()), before)

    # --- roll-ups

    def test_rollups_are_what_promql_computes(self):
        with Agent() as agent:
            wait_for(lambda: (agent.value("count_over_time(node_load1[1m])") or 0) >= 3, "three samples")
            start = int(time.time()) // 3600 * 3600 - 3600
            def rollup(**parameters):
                return agent.get("/api/tickbird/v1/rollup?" + urllib.parse.urlencode(parameters, doseq=True))
            answer = rollup(**{"match[]": ["node_load1", '{__name__=~"node_load.*"}'], "start": start, "resolution": "1m"})
            self.assertEqual(answer.status, 200, answer.body)
            data = answer.json()["data"]
            self.assertEqual(data["resultType"], "rollup")
            self.assertEqual(sorted(s["metric"]["__name__"] for s in data["result"]), ["node_load1", "node_load15", "node_load5"])
            series = next(s for s in data["result"] if s["metric"]["__name__"] == "node_load1")
            self.assertGreaterEqual(sum(p[4] for p in series["points"]), 3)
            for end, low, high, total, count in series["points"]:
                self.assertEqual(end % 60, 0)
                self.assertLessEqual(float(low), float(total) / count + 1e-9)
                self.assertGreaterEqual(float(high), float(total) / count - 1e-9)
            for bad in ({}, {"match[]": "up"}, {"match[]": "1+1", "start": 1}, {"match[]": "up", "start": 1, "resolution": "5m"},
                        {"match[]": "up", "start": 5, "end": 5}, {"match[]": "up", "start": "x"}):
                self.assertEqual(rollup(**bad).status, 400, bad)

    # --- damage

    def flip(self, path, offset):
        content = bytearray(path.read_bytes())
        content[offset] ^= 0x10
        path.write_bytes(content)

    def test_verify_names_the_damage_and_repair_keeps_the_rest(self):
        directory = self.imported()
        self.assertIn("no damage", tsdb("verify", directory).stdout)
        block = sorted(p for p in directory.iterdir() if (p / "meta.json").exists())[0]
        before = self.dump(directory)
        self.flip(block / "chunks" / "000001", 2000)
        verified = tsdb("verify", directory, code=1).stdout
        self.assertIn("damage: ", verified)
        self.assertIn(block.name, verified)
        dry = tsdb("repair", "--dry-run", directory).stdout
        self.assertIn("would do: ", dry)
        self.assertTrue(block.exists())
        tsdb("repair", directory)
        self.assertFalse(block.exists())
        self.assertTrue((directory / (block.name + ".damaged")).exists())
        self.assertIn("no damage", tsdb("verify", directory).stdout)
        after = self.dump(directory)
        self.assertTrue(set(after.splitlines()) < set(before.splitlines()))
        self.assertGreater(len(after.splitlines()), len(before.splitlines()) - 1000)
        self.assertEqual(tsdb("repair", directory).stdout, "nothing to repair\n")

    def test_verify_finds_flipped_bytes_in_every_file(self):
        directory = self.imported(seconds=3000)
        before = self.dump(directory)
        block = next(p for p in directory.iterdir() if (p / "meta.json").exists())
        for file in sorted(p for p in block.rglob("*") if p.is_file()):
            content = file.read_bytes()
            for offset in range(0, len(content), max(1, len(content) // 10)):
                self.flip(file, offset)
                result = subprocess.run([str(BINARY), "tsdb", "verify", str(directory)], capture_output=True, text=True)
                if result.returncode == 0:  # padding
                    self.assertEqual(self.dump(directory), before, "%s at %d" % (file, offset))
                else:
                    self.assertIn("damage: ", result.stdout)
                    self.assertIn(block.name, result.stdout)
                file.write_bytes(content)


if __name__ == "__main__":
    unittest.main()
