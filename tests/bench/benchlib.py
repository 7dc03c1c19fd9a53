"""What the measurements share: starting ours and the peers on free ports, and reading what processes cost."""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "testing"))
from agentlib import *  # noqa: E402,F401,F403

TICK = os.sysconf("SC_CLK_TCK")


class Group:
    """Processes that are measured together."""

    def __init__(self, name, processes, binaries):
        self.name, self.processes, self.binaries = name, processes, binaries

    def cpu_seconds(self):
        total = 0
        for process in self.processes:
            fields = open("/proc/%d/stat" % process.pid).read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK

    def memory_mib(self, key="Pss"):
        total = 0
        for process in self.processes:
            for line in open("/proc/%d/smaps_rollup" % process.pid):
                if line.startswith(key + ":"):
                    total += int(line.split()[1])
        return total / 1024

    def peak_rss_mib(self):
        total = 0
        for process in self.processes:
            for line in open("/proc/%d/status" % process.pid):
                if line.startswith("VmHWM:"):
                    total += int(line.split()[1])
        return total / 1024

    def binary_mib(self):
        return sum(os.path.getsize(shutil.which(b) or b) for b in self.binaries) / 2**20

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()


def stripped_size_mib(binary):
    with tempfile.NamedTemporaryFile() as f:
        subprocess.run(["strip", "-o", f.name, str(binary)], check=True)
        return os.path.getsize(f.name) / 2**20


def start_peer(argv, url, directory):
    log = open(os.path.join(directory, os.path.basename(argv[0]) + ".log"), "wb")
    process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=directory)

    def up():
        assert process.poll() is None, open(log.name).read()
        with contextlib.suppress(OSError):
            return http("GET", url).status == 200
    wait_for(up, " ".join(argv))
    return process


def prometheus_stack(directory, rules, targets=(), hook=None, interval="1s"):
    """prometheus + alertmanager + node_exporter with every interval at `interval`."""
    node, am, prom = free_port(), free_port(), free_port()
    targets = ["127.0.0.1:%d" % node, "127.0.0.1:%d" % prom] + list(targets)
    path = lambda name: os.path.join(directory, name)
    open(path("am.yml"), "w").write(
        "route: {receiver: h, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\nreceivers: [{name: h, webhook_configs: [{url: '%s'}]}]\n"
        % (hook or "http://127.0.0.1:9/"))
    open(path("rules.yml"), "w").write(rules)
    open(path("prometheus.yml"), "w").write(
        "global: {scrape_interval: %s, evaluation_interval: %s, scrape_timeout: %s}\nrule_files: [rules.yml]\n"
        "alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:%d']}]}]}\n"
        "scrape_configs: [{job_name: node, static_configs: [{targets: %s}]}]\n" % (interval, interval, interval, am, json.dumps(targets)))
    processes = [
        start_peer(["prometheus-node-exporter", "--web.listen-address=127.0.0.1:%d" % node], "http://127.0.0.1:%d/" % node, directory),
        start_peer(["prometheus-alertmanager", "--config.file=am.yml", "--storage.path=" + path("am"), "--cluster.listen-address=",
                    "--web.listen-address=127.0.0.1:%d" % am], "http://127.0.0.1:%d/-/ready" % am, directory),
        start_peer(["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=" + path("data"), "--log.level=warn",
                    "--web.listen-address=127.0.0.1:%d" % prom], "http://127.0.0.1:%d/-/ready" % prom, directory),
    ]
    return Group("prometheus + alertmanager + node_exporter", processes, ["prometheus", "prometheus-alertmanager", "prometheus-node-exporter"])


def twenty_rules():
    """Rules in Prometheus' format that all evaluate and none of which fires."""
    exprs = ["1 - avg by (instance) (rate(node_cpu_seconds_total{mode='idle'}[%ds])) > 0.9%d" % (10 + i, i) for i in range(7)]
    exprs += ["1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes > 0.99%d" % i for i in range(7)]
    exprs += ["predict_linear(node_filesystem_avail_bytes[%dm], 3600) < -1e18" % (5 + i) for i in range(6)]
    rules = "".join('  - {alert: r%d, expr: "%s", for: 5m}\n' % (i, e) for i, e in enumerate(exprs))
    return "groups:\n- name: bench\n  interval: 1s\n  rules:\n" + rules


def percentile(values, p):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(round(p / 100 * (len(ordered) - 1))))]


def table(title, head, rows):
    print("\n%s\n" % title)
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(c) for c in row) + " |")
    sys.stdout.flush()


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    print("%d cores, %s, Linux %s" % (os.cpu_count(), model, os.uname().release))
    started = time.process_time()
    sum(i * i for i in range(1_000_000))
    print("calibration loop: %.0f ms" % ((time.process_time() - started) * 1000))
