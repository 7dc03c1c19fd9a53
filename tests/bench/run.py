#!/usr/bin/env python3
"""Measures Tickbird beside its peers and prints the tables of docs/benchmarks.md: ./dev bench [NAME...]"""
import importlib
import subprocess
import sys

from benchlib import BINARY, machine

SCRIPTS = ["start", "footprint", "alert_latency", "statsd", "tsdb"]
# Programs that measure one module inside one process and print their own table.
PROGRAMS = ["sampler_bench", "exposition_bench", "tsdb_bench"]

if __name__ == "__main__":
    wanted = sys.argv[1:] or SCRIPTS + PROGRAMS
    unknown = [name for name in wanted if name not in SCRIPTS + PROGRAMS]
    if unknown:
        sys.exit("unknown benchmark %s; there are: %s" % (", ".join(unknown), ", ".join(SCRIPTS + PROGRAMS)))
    machine()
    for name in wanted:
        if name in SCRIPTS:
            importlib.import_module(name).main()
        else:
            print("\n%s\n" % name, flush=True)
            subprocess.run([str(BINARY.parent / "bench" / name)], check=True)
