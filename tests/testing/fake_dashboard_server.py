"""Serves dashboards/web with an invented event stream, to look at the page without the agent.

    python3 tests/testing/fake_dashboard_server.py [--port 8899] [--state ok|warning|critical|hostile] [--gap] [--drop-after SECONDS]

Then open http://127.0.0.1:8899/.
"""

import argparse
import http.server
import json
import math
import pathlib
import random
import time

ROOT = pathlib.Path(__file__).resolve().parents[2] / "dashboards" / "web"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
GIB = 1 << 30


def values(t, state):
    s = t / 1000
    busy = 55 if state == "critical" and s % 300 > 150 else 8
    cpu = max(0.5, busy + 6 * math.sin(s / 17) + random.gauss(0, 2.5))
    memory = 61 + 3 * math.sin(s / 90)
    return {
        "cpu": round(min(100, cpu * 1.6), 2),
        "memory": round(memory, 2),
        "memory_used": memory / 100 * 15.6 * GIB,
        "memory_total": 15.6 * GIB,
        "disk": 71.4,
        "disk_used": 354 * GIB,
        "disk_total": 496 * GIB,
        "disk_read": max(0, random.gauss(2e5, 3e5)),
        "disk_write": max(0, random.gauss(3e6, 1e6)) if s % 20 < 4 else 4e4,
        "network_receive": 4e5 + 3e5 * math.sin(s / 31) + random.random() * 1e5,
        "network_transmit": 1.2e5 + random.random() * 4e4,
        "pressure_cpu": max(0, random.gauss(1.2, 0.8)),
        "pressure_memory": 0,
        "pressure_io": max(0, random.gauss(3, 2)),
    }


def alerts(t, state):
    cpu = {
        "id": "a1", "name": "cpu_high", "level": "critical", "rank": 4, "value_text": "93.4%", "since_ms": t - 194_000,
        "summary": "CPU of web-1 has been above 90% for 2 minutes", "labels": {"instance": "web-1"},
    }
    disk = {
        "id": "a2", "name": "disk_filling", "level": "warning", "rank": 2, "value_text": "3h 40m", "since_ms": t - 4_000_000,
        "summary": "/var/lib/data will be full in less than 4 hours at this rate",
        "labels": {"device": "/dev/nvme0n1p2", "mountpoint": "/var/lib/data"}, "ack": {"by": "mira"},
    }
    hostile = {
        "id": "../../<x>", "name": "<img src=x onerror=alert(1)>", "level": "high", "rank": 3, "value_text": "<b>1</b>", "since_ms": t - 5000,
        "summary": "<script>document.title='owned'</script> " + "verylongword" * 30, "labels": {"le</script>": "\"'><svg onload=alert(1)>"},
    }
    return {"ok": [], "warning": [disk | {"ack": None}], "critical": [cpu, disk], "hostile": [hostile, disk]}[state]


def health(state):
    failing = state in ("critical", "hostile")
    checks = [
        {"name": "api", "status": "pass", "critical": True, "output": "200 from http://127.0.0.1:8000/healthz", "duration_ms": 4},
        {"name": "redis", "status": "pass", "output": "PONG", "duration_ms": 1},
        {"name": "postgres", "status": "fail" if failing else "pass", "output": "connection refused" if failing else "accepts connections",
         "duration_ms": 2},
        {"name": "smtp relay", "status": "warn" if failing else "pass", "output": "slow: 1.8 s" if failing else "220 ready", "duration_ms": 12},
    ]
    return {"status": "warn" if failing else "pass", "checks": [] if state == "ok" else checks}


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/api/tickbird/v1/stream":
            self.stream()
            return
        file = ROOT / {"/": "index.html"}.get(path, path[1:])
        if file.parent != ROOT or file.suffix not in (".html", ".js", ".css"):
            self.send_error(404)
            return
        types = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
        self.send_response(200)
        self.send_header("Content-Type", types[file.suffix])
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(file.read_bytes())

    def do_POST(self):
        self.send_response(403)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"status":"error","error":"changes are accepted from this machine only"}')

    def event(self, name, data):
        self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    def stream(self):
        state = self.server.options.state
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        t = int(time.time() * 1000)
        times = [x for x in range(t - 300_000, t, 1000) if not (self.server.options.gap and t - 140_000 < x < t - 100_000)]
        points = {}
        for x in times:
            for name, value in values(x, state).items():
                points.setdefault(name, []).append([x, value])
        self.event("snapshot", {
            "t": t, "interval_ms": 1000, "host": "web-1.example.org", "version": "0.1.0",
            "series": [{"name": name, "points": p} for name, p in points.items()],
            "alerts": alerts(t, state), "health": health(state),
        })
        end = time.time() + self.server.options.drop_after
        try:
            while time.time() < end:
                time.sleep(1)
                t = int(time.time() * 1000)
                self.event("tick", {"t": t, "values": values(t, state)})
        except (BrokenPipeError, ConnectionResetError):
            pass

    def log_message(self, *args):
        pass


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=8899)
    options.add_argument("--state", default="warning", choices=["ok", "warning", "critical", "hostile"])
    options.add_argument("--gap", action="store_true")
    options.add_argument("--drop-after", type=float, default=1e9)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page, bind_and_activate=False)
    server.options = options.parse_args()
    server.server_address = ("127.0.0.1", server.options.port)
    server.server_bind()
    server.server_activate()
    server.serve_forever()


main()
