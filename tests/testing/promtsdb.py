"""Builds tests/testing/promtsdb, Prometheus' own store as a program, or says why it cannot be had."""
import os
import pathlib
import shutil
import subprocess
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent / "promtsdb"


def build(directory):
    """The program, built into `directory`; a skip when there is no Go or its modules cannot be fetched."""
    if not shutil.which("go"):
        raise unittest.SkipTest("go is not installed")
    binary = pathlib.Path(directory) / "promtsdb"
    environment = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=readonly -buildvcs=false")
    made = subprocess.run(["go", "build", "-o", str(binary), "."], cwd=SOURCE, env=environment, capture_output=True, text=True)
    if made.returncode == 0:
        return binary
    # A fault in the program itself fails the test; what the machine lacks does not.
    for reason in ("dial tcp", "proxyconnect", "i/o timeout", "no such host", "requires go >=", "403 Forbidden", "module lookup disabled"):
        if reason in made.stderr:
            raise unittest.SkipTest("promtsdb cannot be built here: " + made.stderr.strip().splitlines()[-1])
    raise AssertionError("promtsdb does not build:\n" + made.stderr)
