"""The store beside Prometheus' and VictoriaMetrics' on the same data: disk, memory, append, replay, start, pauses.

Ours and Prometheus 3's tsdb run inside a program each (tsdb_store_bench; tests/testing/promtsdb, GOMAXPROCS as said), so
that neither pays for HTTP; VictoriaMetrics has no such program and is asked over HTTP, for disk and memory only.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from benchlib import BINARY, Group, free_port, http, start_peer, table, wait_for
import promtsdb

OURS = BINARY.parent / "bench" / "tsdb_store_bench"


def measured(argv, environment=None):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, env=dict(os.environ, **(environment or {})))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def bytes_of(directory):
    return sum(f.stat().st_size for f in pathlib.Path(directory).rglob("*") if f.is_file())


class Bench:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.theirs = promtsdb.build(self.root)

    def fresh(self):
        return pathlib.Path(tempfile.mkdtemp(dir=self.root))

    def ours(self, command, directory, *flags):
        return measured([OURS, command, directory, *flags])

    def prometheus(self, command, directory, *flags, cores=None):
        return measured([self.theirs, command, directory, *flags], {"GOMAXPROCS": str(cores)} if cores else None)

    # Disk.

    def disk_row(self, what, series, rounds, step):
        hour = int(time.time()) // 3600 * 3600_000
        start = hour - rounds * step // 3600_000 * 3600_000 - 3600_000
        flags = ["--series=%d" % series, "--rounds=%d" % rounds, "--start=%d" % start]
        row = [what, "%.1f M" % (series * rounds / 1e6)]
        directory = self.fresh()
        self.ours("append", directory, *flags, "--step=%d" % step, "--compact")
        ours = next((directory / "snapshots").iterdir())
        row.append("%.3f" % (bytes_of(ours) / series / rounds))
        shutil.rmtree(directory)
        directory = self.fresh()
        self.prometheus("append", directory, *flags, "--step=%dms" % step, "--compact")
        row.append("%.3f" % (sum(bytes_of(block.parent) for block in directory.glob("*/meta.json")) / series / rounds))
        shutil.rmtree(directory)
        row.append("%.3f" % (self.victoria_disk(flags + ["--step=%d" % step]) / series / rounds))
        return row

    def victoria(self):
        directory, port = self.fresh(), free_port()
        url = "http://127.0.0.1:%d" % port
        process = start_peer(["victoria-metrics", "-storageDataPath=%s" % (directory / "data"), "-httpListenAddr=127.0.0.1:%d" % port,
                              "-retentionPeriod=12"], url + "/health", str(directory))
        return Group("victoria-metrics", [process], ["victoria-metrics"]), directory, url

    def import_into(self, url, flags):
        lines = subprocess.Popen([str(OURS), "lines", *flags], stdout=subprocess.PIPE)
        batch = []

        def send():
            if batch:
                status = http("POST", url + "/api/v1/import", body=b"".join(batch), timeout=600).status
                assert status in (200, 204), status
            batch.clear()
        for line in lines.stdout:
            batch.append(line)
            if sum(map(len, batch[-1:])) * len(batch) > 8 << 20:
                send()
        send()
        assert lines.wait() == 0

    def victoria_disk(self, flags):
        group, directory, url = self.victoria()
        try:
            self.import_into(url, flags)
            http("GET", url + "/internal/force_flush", timeout=600)
            http("GET", url + "/internal/force_merge", timeout=600)
            size, still = 0, 0
            while still < 20:  # Merges go on behind the answer: until the size stays for two seconds.
                time.sleep(0.1)
                now = bytes_of(directory / "data")
                still, size = (still + 1, size) if now == size else (0, now)
            return size
        finally:
            group.stop()
            shutil.rmtree(directory)

    def disk(self):
        rows = [self.disk_row("host series at 1 s, 6 h", 500, 21_600, 1000), self.disk_row("host series at 15 s, 24 h", 1000, 5760, 15_000)]
        table("Bytes a sample on disk, all in blocks", ["data", "samples", "tickbird", "prometheus 3", "victoria-metrics"], rows)

    # Memory, append, replay: one run each, since they want the same directory.

    def cost_row(self, series):
        rounds = max(10, min(60, 12_000_000 // series))
        flags = ["--series=%d" % series, "--rounds=%d" % rounds]
        mine, other = self.fresh(), self.fresh()
        ours = self.ours("append", mine, *flags)
        theirs = self.prometheus("append", other, *flags, cores=1)
        all_cores = self.prometheus("append", self.fresh(), *flags)
        samples = series * rounds
        ours_open = self.ours("open", mine)["seconds"]
        theirs_open = self.prometheus("open", other, cores=1)["seconds"]
        theirs_open_all = self.prometheus("open", other)["seconds"]
        shutil.rmtree(mine)
        shutil.rmtree(other)
        rate = lambda ns: "%.2f" % (1e3 / ns)
        return {
            "memory": [series, rounds, *("%.0f" % (r["pss_as_is"] / series) for r in (ours, theirs)), "%.0f" % (theirs["pss_after_gc"] / series)],
            "append": [series, rate(ours["append_ns"]), rate(theirs["append_ns"]), rate(all_cores["append_ns"])],
            "replay": [series, *("%.2f" % (samples / s / 1e6) for s in (ours_open, theirs_open, theirs_open_all))],
        }

    def victoria_memory(self, series, rounds):
        group, directory, url = self.victoria()
        try:
            before = group.memory_mib()
            start = int(time.time() * 1000) - rounds * 15_000
            self.import_into(url, ["--series=%d" % series, "--rounds=%d" % rounds, "--start=%d" % start])
            return (group.memory_mib() - before) * 2**20 / series
        finally:
            group.stop()
            shutil.rmtree(directory)

    def cost(self, sizes):
        rows = [self.cost_row(size) for size in sizes]
        memory = [row["memory"] for row in rows]
        for row in memory:
            row.append("%.0f" % self.victoria_memory(row[0], row[1]) if row[0] <= 100_000 else "-")
        table("Bytes of memory a series (PSS difference)",
              ["series", "samples each", "tickbird", "prometheus 3", "prometheus 3, after a forced GC", "victoria-metrics"], memory)
        table("Append, million samples a second into warm series, with the log",
              ["series", "tickbird, one thread", "prometheus 3, GOMAXPROCS=1", "prometheus 3, all cores"], [row["append"] for row in rows])
        table("Replay of that log, million samples a second",
              ["series", "tickbird", "prometheus 3, GOMAXPROCS=1", "prometheus 3, all cores"], [row["replay"] for row in rows])

    def pauses(self):
        """Batches of 1,000 samples every 2 ms, while blocks of half an hour of virtual time are cut and merged beside."""
        flags = ["--series=20000", "--rounds=600", "--batch=1000"]
        rows = []
        for name, result in [("tickbird", self.ours("append", self.fresh(), *flags, "--step=15000", "--block=1800000", "--pace=2000")),
                             ("prometheus 3", self.prometheus("append", self.fresh(), *flags, "--step=15s", "--block=30m", "--pace=2ms"))]:
            rows.append([name] + ["%.2f" % result["batch_ms_" + key] for key in ("p50", "p999", "max")])
        table("A batch of 1,000 samples every 2 ms while blocks are cut and merged, ms", ["store", "p50", "p99.9", "max"], rows)

    def start(self):
        rows = []
        for name, run in [("tickbird", self.ours), ("prometheus 3", self.prometheus)]:
            times = sorted(run("open", self.fresh())["seconds"] * 1e3 for _ in range(11))
            rows.append([name, "%.2f" % times[5], "%.2f" % times[-1]])
        table("Opening a store in an empty directory, ms", ["store", "median", "max"], rows)


def main():
    with tempfile.TemporaryDirectory(prefix="tickbird_tsdb_") as root:
        bench = Bench(root)
        bench.start()
        bench.disk()
        bench.cost([10_000, 100_000, 1_000_000])
        bench.pauses()
