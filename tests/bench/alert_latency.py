"""From a value that crosses the line to the POST at the webhook. Ours and Prometheus + Alertmanager at their fastest common setting, 1 s."""
import datetime
from benchlib import *

TRIALS = 100


class Source:
    """A page with one gauge per trial; crossing is setting it to 1."""

    def __init__(self):
        self.crossed = set()
        outer = self

        class Handler(quiet_handler()):
            def do_GET(self):
                body = "".join('bench_value{n="%d"} %d\n' % (i, i in outer.crossed) for i in range(TRIALS)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http_server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = "127.0.0.1:%d" % self.server.server_address[1]


def arrivals(hook):
    """Trial -> (time of the POST, time of the sample that decided)."""
    found = {}
    with hook.lock:
        requests = list(hook.requests)
    for at, _, body, _ in requests:
        for alert in json.loads(body)["alerts"]:
            if "n" in alert["labels"] and alert["status"] == "firing":
                starts = alert["startsAt"].replace("Z", "+00:00")
                found.setdefault(int(alert["labels"]["n"]), (at, datetime.datetime.fromisoformat(starts[:26].split("+")[0]).replace(
                    tzinfo=datetime.timezone.utc).timestamp()))
    return found


def run_trials(hook, cross):
    crossed = {}
    pause = threading.Event().wait
    for i in range(TRIALS):
        # 0.317 s: the phase against any one-second clock drifts over all its values.
        pause(0.317)
        crossed[i] = time.time()
        cross(i)
    wait_for(lambda: len(arrivals(hook)) == TRIALS, "all alerts arrived")
    got = arrivals(hook)
    return [got[i][0] - crossed[i] for i in crossed], [got[i][0] - got[i][1] for i in crossed]


def row(name, values):
    return [name] + ["%.1f" % (f * 1000) for f in (statistics.median(values), percentile(values, 99), max(values))]


def main():
    need("prometheus", "prometheus-alertmanager", "prometheus-node-exporter")
    rows = []
    rule = 'alert crossed {\n value bench_value\n raise critical when > 0.5\n summary "{n}"\n}\n'
    for interval in ("1s", "100ms"):
        with Webhook() as hook:
            config = "rule_packs: []\nrule_files: ['*.rules']\nsampling: { interval: %s }\nreceivers: [{name: h, webhook_configs: [{url: '%s'}]}]\n" % (interval, hook.url)
            with Agent(config, rule if interval == "1s" else "defaults { every 100ms }\n" + rule) as agent:
                for i in range(TRIALS):
                    agent.send_statsd("bench_value:0|g|#n:%d" % i)
                wait_for(lambda: agent.value("count(bench_value)") == TRIALS, "series")
                whole, after_sample = run_trials(hook, lambda i: agent.send_statsd("bench_value:1|g|#n:%d" % i))
        rows.append(row("tickbird, StatsD, flush %s: after the sample was taken" % interval, after_sample))
        rows.append(row("tickbird, StatsD, flush %s: after the value crossed" % interval, whole))
    with tempfile.TemporaryDirectory() as directory, Webhook() as hook:
        source = Source()
        rules = "groups:\n- name: b\n  interval: 1s\n  rules:\n  - {alert: crossed, expr: 'bench_value > 0.5'}\n"
        peer = prometheus_stack(directory, rules, [source.address], hook.url)
        try:
            threading.Event().wait(5)
            whole, _ = run_trials(hook, source.crossed.add)
        finally:
            peer.stop()
        rows.append(row("prometheus + alertmanager, 1 s + 1 s, group_wait 0: after the value crossed", whole))
    table("alert latency, %d trials, milliseconds" % TRIALS, ["path", "median", "p99", "max"], rows)
