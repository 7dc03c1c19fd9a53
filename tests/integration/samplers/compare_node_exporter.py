#!/usr/bin/env python3
"""Compares a sample of this host with what Debian's prometheus-node-exporter says of it at the same time.

Every series of the collectors that both have must be exported by us too, under the same name, type and labels; gauges must
agree roughly, and counters must lie between a reading before and one after ours. Exceptions are listed below with their
reasons. Usage: compare_node_exporter.py SAMPLER_DUMP. Exit code 77: skipped, with the reason.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

SKIPPED = 77
COLLECTORS = ["conntrack", "cpu", "diskstats", "entropy", "filefd", "filesystem", "loadavg", "meminfo", "netclass",
              "netdev", "netstat",
              "pressure", "sockstat", "stat", "time", "uname", "vmstat"]

# Debian compiles other defaults in (no lo, and no mounts below /run, /mnt and /media); these are upstream's.
FLAGS = ["--collector.netdev.device-exclude=",
         "--collector.filesystem.mount-points-exclude="
         "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"]

# (pattern of "name{labels}", why we do not export it)
NOT_EXPORTED = [
    (r"node_disk_[a-z_]+\{device=\"zram", "upstream's later default filter drops zram, Debian's 1.5 does not"),
    (r"node_(disk|network|dmi|os|cpu)_(info|version)\b", "facts of hardware and distribution: not sampled"),
    (r"node_disk_(ata|filesystem|device_mapper)_", "udev's data base: not sampled"),
    (r"node_nf_conntrack_stat_", "per-CPU statistics of conntrack: not sampled"),
    (r"node_network_(address_assign_type|carrier_(up|down)_changes_total|device_id|dormant|flags|iface_\w+|name_assign_type|"
     r"net_dev_group|protocol_type)", "properties of interfaces that no dashboard of ours draws"),
    (r"node_network_speed_bytes", "an unknown speed (-1) has no series with us"),
    (r"node_time_(clocksource|zone)_", "facts that do not change"),
    (r"node_cpu_(core|package)_throttles_total", "bare metal only, /sys/devices/system/cpu/*/thermal_throttle"),
    (r"node_scrape_collector_", "speaks of the exporter itself"),
    (r"node_exporter_build_info|^(go|promhttp|process)_", "speaks of the exporter itself"),
]

# Gauges that move by themselves: absolute slack, or a share of the value.
SLACK = [
    (r"node_load", 0.5), (r"node_time_seconds", 5), (r"node_entropy_available_bits", 256), (r"node_procs_", 100),
    (r"node_filefd_allocated", 500), (r"node_sockstat_", 100000), (r"node_nf_conntrack_entries$", 1000),
    (r"node_netstat_Tcp_CurrEstab", 50), (r"node_disk_io_now", 1000),
]
RELATIVE_SLACK = 0.05
BYTES_SLACK = 512 << 20  # memory and filesystem sizes while others build beside us

SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)


def parse(text):
    """({'name{labels}': value}, {name: type}); without the labels that name the scrape."""
    series, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ", 3)
            types[name] = kind
        match = SAMPLE.match(line)
        if not match:
            continue
        name, labels, value = match.groups()
        pairs = sorted(pair for pair in LABEL.findall(labels or "") if pair[0] not in ("job", "instance"))
        series[name + "{" + ",".join(f'{key}="{text}"' for key, text in pairs) + "}"] = float(value)
    return series, types


def scrape(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        return parse(response.read().decode())


def start_exporter(binary):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [binary, f"--web.listen-address=127.0.0.1:{port}", "--collector.disable-defaults", *FLAGS]
    arguments += [f"--collector.{name}" for name in COLLECTORS]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            scrape(port)
            return process, port
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    process.kill()
    process.wait()
    skip("node exporter did not start")


def exception(key):
    return next((reason for pattern, reason in NOT_EXPORTED if re.search(pattern, key)), None)


def agrees(key, kind, before, ours, after):
    low, high = min(before, after), max(before, after)
    if kind == "counter":
        # The exporter caches nothing, so a counter of ours lies between its two readings, save for rounding.
        slack = 0.02 + 1e-9 * high
    else:
        name = key.split("{")[0]
        slack = next((value for pattern, value in SLACK if re.search(pattern, name)), None)
        if slack is None:
            slack = RELATIVE_SLACK * abs(high)
            if name.endswith("_bytes"):
                slack += BYTES_SLACK
            elif name.startswith("node_filesystem_files"):
                slack += 10000
            elif kind == "untyped":
                slack += 50
    return low - slack <= ours <= high + slack


def main():
    if len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit("usage: compare_node_exporter.py SAMPLER_DUMP")
    binary = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
    if binary is None:
        skip("no prometheus-node-exporter (Debian package of that name)")
    process, port = start_exporter(binary)
    try:
        before, types = scrape(port)
        ours, our_types = parse(subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True, timeout=60).stdout)
        after, _ = scrape(port)
    finally:
        process.terminate()
        process.wait()

    problems, excused, compared = [], {}, 0
    for key, value in sorted(after.items()):
        if key not in before:
            continue  # appeared while we compared
        reason = exception(key)
        if reason is not None:
            excused[reason] = excused.get(reason, 0) + 1
            continue
        name = key.split("{")[0]
        if key not in ours:
            problems.append(f"missing: {key} {value}")
            continue
        compared += 1
        if types.get(name) != our_types.get(name):
            problems.append(f"type of {name}: theirs {types.get(name)}, ours {our_types.get(name)}")
        if not agrees(key, types.get(name), before[key], ours[key], value):
            problems.append(f"value of {key}: theirs {before[key]} .. {value}, ours {ours[key]}")
    for reason, count in sorted(excused.items()):
        print(f"not exported, {count} series: {reason}")
    print(f"{compared} series compared, {len(problems)} problems")
    for problem in problems:
        print(" ", problem)
    sys.exit(1 if problems or compared < 100 else 0)


if __name__ == "__main__":
    main()
