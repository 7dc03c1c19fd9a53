#!/usr/bin/env python3
"""What a newcomer sees: the process starts, samples this machine, and answers everybody who asks."""
import os
import gzip
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../testing"))
from agentlib import *  # noqa: E402,F403


class Alive(unittest.TestCase):
    def test_samples_this_machine_every_second(self):
        with Agent() as agent:
            idle = wait_for(lambda: agent.query('node_cpu_seconds_total{mode="idle"}'), "cpu series")
            self.assertEqual(len(idle), os.cpu_count())
            wait_for(lambda: (agent.value("count_over_time(node_load1[10s])") or 0) >= 3, "three samples of one series")
            total = agent.value("node_memory_MemTotal_bytes")
            self.assertAlmostEqual(total, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), delta=total * 0.02)
            # The packs' plain names.
            for name in ("cpu_usage_percent", "memory_usage_percent", "disk_usage_percent"):
                value = wait_for(lambda: agent.value(name), name)
                self.assertTrue(0 <= value <= 100, (name, value))

    def test_health_endpoints(self):
        with Agent() as agent:
            for path in ("/health/live", "/health/ready", "/-/healthy", "/-/ready"):
                self.assertEqual(agent.get(path).status, 200, path)
            document = agent.get("/health").json()
            self.assertEqual(document["status"], "pass", document)
            self.assertTrue(document["checks"])

    def test_failing_check_shows_everywhere(self):
        port = free_port()
        config = "health: { checks: [ { name: api, tcp: '127.0.0.1:%d', interval: 100ms, timeout: 1s, critical: true } ] }\n" % port
        with Agent(config, ready="/-/healthy") as agent:
            wait_for(lambda: agent.get("/-/ready").status == 503, "not ready")
            wait_for(lambda: agent.get("/health").status == 503, "/health fails")
            self.assertIn("api", agent.get("/health").body.decode())
            wait_for(lambda: agent.value('tickbird_health_check_up{check="api"}') == 0, "series of the check")

    def test_metrics_page_pleases_promtool(self):
        need("promtool")
        with Agent() as agent:
            agent.send_statsd("page_load:320|ms|#page:home", "odd.name-1:3|c", 'hostile:1|g|#k:a"b\\c')
            wait_for(lambda: agent.query("page_load_seconds_count"), "statsd histogram")
            page = agent.get("/metrics")
            self.assertEqual(page.status, 200)
            self.assertIn("text/plain; version=0.0.4", page.headers["Content-Type"])
            checked = subprocess.run(["promtool", "check", "metrics"], input=page.body, capture_output=True)
            # promtool's lint has opinions on node_exporter's own names; what it cannot parse is an error.
            self.assertNotIn(b"error while linting", checked.stderr)
            bad = [line for line in checked.stderr.decode().splitlines() if line and not line.startswith(("node_", "container_", "namedprocess_"))]
            self.assertEqual(bad, [])
            open_metrics = agent.get("/metrics", Accept="application/openmetrics-text;version=1.0.0")
            self.assertIn("application/openmetrics-text", open_metrics.headers["Content-Type"])
            self.assertTrue(open_metrics.body.endswith(b"# EOF\n"))
            zipped = agent.get("/metrics", Accept_Encoding="gzip")
            self.assertEqual(zipped.headers["Content-Encoding"], "gzip")
            self.assertIn(b"node_load1", gzip.decompress(zipped.body))

    def test_real_prometheus_scrapes_us(self):
        need("prometheus")
        with Agent() as agent, tempfile.TemporaryDirectory() as directory:
            port = free_port()
            config = os.path.join(directory, "prometheus.yml")
            with open(config, "w") as f:
                f.write("scrape_configs:\n- job_name: tickbird\n  scrape_interval: 1s\n  static_configs: [{targets: ['127.0.0.1:%d']}]\n" % agent.port)
            prometheus = subprocess.Popen(["prometheus", "--config.file=" + config, "--storage.tsdb.path=" + directory + "/data",
                                           "--web.listen-address=127.0.0.1:%d" % port], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                def scraped():
                    with contextlib.suppress(OSError):
                        answer = http("GET", "http://127.0.0.1:%d/api/v1/query?query=up" % port)
                        if answer.status == 200:
                            return answer.json()["data"]["result"]
                result = wait_for(scraped, "prometheus scraped us")
                self.assertEqual(result[0]["value"][1], "1")
                answer = http("GET", "http://127.0.0.1:%d/api/v1/query?query=node_load1" % port).json()
                metric = answer["data"]["result"][0]["metric"]
                self.assertEqual(metric, {"__name__": "node_load1", "instance": "127.0.0.1:%d" % agent.port, "job": "tickbird"})
            finally:
                prometheus.terminate()
                prometheus.wait()

    def test_page_loads_arrive_as_a_histogram(self):
        with Agent() as agent:
            for _ in range(10):
                agent.send_statsd("page_load:320|ms|#page:home")
            count = wait_for(lambda: agent.value('page_load_seconds_count{page="home"}') == 10, "ten page loads")
            self.assertTrue(count)
            self.assertAlmostEqual(agent.value('page_load_seconds_sum{page="home"}'), 3.2, places=6)
            self.assertEqual(agent.value('page_load_seconds_bucket{page="home",le="0.5"}'), 10)
            self.assertEqual(agent.value('page_load_seconds_bucket{page="home",le="0.25"}'), 0)

    def test_page_is_served_with_a_strict_policy(self):
        with Agent() as agent:
            page = agent.get("/")
            self.assertEqual(page.status, 200)
            self.assertIn("text/html", page.headers["Content-Type"])
            self.assertIn("script-src 'self'", page.headers["Content-Security-Policy"])
            self.assertNotIn("unsafe-inline", page.headers["Content-Security-Policy"])

    def test_stream_brings_a_snapshot_and_then_ticks(self):
        with Agent() as agent:
            stream = urllib.request.urlopen(agent.url + "/api/tickbird/v1/stream", timeout=NEVER)
            self.assertIn("text/event-stream", stream.headers["Content-Type"])
            events = []
            while events.count("tick") < 3:
                line = stream.readline().decode()
                self.assertTrue(line, "stream ended")
                if line.startswith("event:"):
                    events.append(line.split(":", 1)[1].strip())
            self.assertEqual(events[0], "snapshot")
            stream.close()


class Queries(unittest.TestCase):
    def test_envelope_and_errors(self):
        with Agent() as agent:
            self.assertEqual(agent.get("/api/v1/query?query=1%2B1").json()["data"]["resultType"], "scalar")
            bad = agent.get("/api/v1/query?query=rat(up[5m])")
            self.assertEqual(bad.status, 400)
            self.assertEqual(bad.json()["errorType"], "bad_data")
            self.assertIn('did you mean "rate"', bad.json()["error"])
            self.assertEqual(agent.get("/api/v1/query").status, 400)
            end = time.time()
            matrix = wait_for(lambda: agent.get("/api/v1/query_range?query=node_load1&start=%f&end=%f&step=1" % (end - 10, end + 1)).json()["data"]["result"], "range")
            self.assertEqual(matrix[0]["metric"]["__name__"], "node_load1")
            self.assertEqual(agent.get("/api/v1/query_range?query=1&start=0&end=1e9&step=1").status, 400)
            self.assertEqual(agent.get("/api/v1/nothing").status, 404)
            form = agent.post("/api/v1/query", b"query=1%2B2", **{"Content-Type": "application/x-www-form-urlencoded"})
            self.assertEqual(form.json()["data"]["result"][1], "3")

    def test_rules_and_alerts_are_listed(self):
        with Agent() as agent:
            groups = agent.get("/api/v1/rules").json()["data"]["groups"]
            names = [rule["name"] for group in groups for rule in group["rules"]]
            self.assertIn("cpu_usage_percent", names)
            self.assertTrue(all(rule["health"] in ("ok", "unknown") for group in groups for rule in group["rules"]), groups)
            self.assertEqual(agent.get("/api/v1/alerts").json()["status"], "success")


if __name__ == "__main__":
    unittest.main(verbosity=2)
