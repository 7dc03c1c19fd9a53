#!/usr/bin/env python3
"""Holds the includes of the tree against the direction of the layers.

A folder may include the folders named for it here and itself, nothing else. Third-party headers that
tie a file to the outside world are allowed only at the edge.
"""
import pathlib
import re
import sys

BASE = {"core/base"}
MODEL = BASE | {"core/model"}
ALLOWED = {
    "core/base": set(),
    "core/model": BASE,
    "core/exposition": MODEL,
    "core/yaml": BASE,
    "core/tsdb/chunk": MODEL,
    "core/tsdb/wal": MODEL | {"core/tsdb/chunk"},
    "core/tsdb/head": MODEL | {"core/tsdb/chunk", "core/tsdb/wal"},
    "core/tsdb/block": MODEL | {"core/tsdb/chunk"},
    "core/tsdb/rollup": MODEL | {"core/tsdb/chunk", "core/tsdb/block"},
    "core/tsdb/tools": MODEL | {"core/tsdb", "core/exposition"},
    "core/tsdb/store": MODEL | {"core/tsdb"},
    "rules/promql": MODEL,
    "rules/eval": MODEL | {"rules/promql"},
    "rules/language": MODEL | {"rules/promql", "rules/eval"},
    "rules/packs": BASE,
    "notifiers": MODEL,
    "exporters": MODEL | {"core/exposition"},
    "dashboards": BASE,
    "agent/net": BASE,
    "agent/samplers": MODEL,
    "agent/health": MODEL,
    "agent/ingest": MODEL | {"core/exposition", "agent/net"},
    "agent/config": MODEL | {"core/yaml"},
    "agent/api": MODEL | {"rules", "notifiers", "exporters", "dashboards", "core/tsdb", "core/exposition", "agent/net", "agent/health"},
    "agent/app": {"core", "rules", "notifiers", "exporters", "dashboards", "agent"},
    "agent/cli": {"core", "rules", "notifiers", "exporters", "dashboards", "agent"},
    "tests": {"core", "rules", "notifiers", "exporters", "dashboards", "agent"},
}
# Header prefix -> folders that may include it.
EDGE_ONLY = {
    "boost/beast": {"agent/net"},
    "boost/asio": {"agent/net", "agent/ingest", "agent/app", "tests"},
    "curl/": {"agent/net"},
    "httplib.h": {"agent/cli", "tests"},
    "sqlite3.h": {"notifiers/store", "tests"},
    "yaml.h": {"core/yaml"},
    "CLI/": {"agent/cli"},
    "prometheus/": {"exporters", "agent", "tests"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def room(path):
    """The longest known folder that holds the path."""
    best = ""
    for folder in ALLOWED:
        if (path == folder or path.startswith(folder + "/")) and len(folder) > len(best):
            best = folder
    return best


def within(path, folders):
    return any(path == f or path.startswith(f + "/") for f in folders)


def violations(root):
    for file in sorted(root.glob("**/*")):
        relative = file.relative_to(root).as_posix()
        if file.suffix not in (".h", ".cc") or relative.startswith("build/"):
            continue
        here = room(relative)
        if not here:
            yield f"{relative}: in no folder of the layout"
            continue
        for kind, target in INCLUDE.findall(file.read_text()):
            if kind == '"':
                # A header that CMake writes stands in the tree as its template.
                if not (root / target).exists() and not (root / (target + ".in")).exists():
                    yield f"{relative}: \"{target}\" is not relative to the repository's root"
                elif not within(target, ALLOWED[here] | {here}):
                    yield f"{relative}: {here} may not include \"{target}\""
            else:
                for prefix, folders in EDGE_ONLY.items():
                    if target.startswith(prefix) and not within(relative, folders):
                        yield f"{relative}: <{target}> belongs to {', '.join(sorted(folders))}"


if __name__ == "__main__":
    found = list(violations(pathlib.Path(__file__).resolve().parents[2]))
    print("\n".join(found) or "includes follow the layers")
    sys.exit(1 if found else 0)
