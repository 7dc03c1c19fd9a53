#!/usr/bin/env python3
"""The store from outside: what its pages say, deleting, snapshots, directories that cannot be used."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../testing"))
from agentlib import *  # noqa: E402,F403

BASE = "rule_packs: []\nsampling: { collectors: [loadavg], interval: 100ms }\n"
ADMIN = "/api/v1/admin/tsdb/"


class Storage(unittest.TestCase):
    def test_status_page_has_prometheus_shape_and_ours(self):
        with Agent(BASE) as agent:
            agent.send_statsd("hits:1|g|#page:home", "hits:1|g|#page:cart")
            wait_for(lambda: agent.query("hits"), "statsd series")
            data = agent.get("/api/v1/status/tsdb?limit=3").json()["data"]
            self.assertGreater(data["headStats"]["numSeries"], 3)
            self.assertGreater(data["headStats"]["maxTime"], 1_600_000_000_000)
            for key in ("seriesCountByMetricName", "labelValueCountByLabelName", "memoryInBytesByLabelName", "seriesCountByLabelValuePair"):
                self.assertEqual(len(data[key]), 3, key)
                values = [entry["value"] for entry in data[key]]
                self.assertEqual(values, sorted(values, reverse=True), key)
            self.assertEqual(data["labelValueCountByLabelName"][0]["name"], "__name__")
            sources = {entry["name"]: entry["value"] for entry in data["seriesBySource"]}
            self.assertGreaterEqual(sources["statsd"], 2)
            self.assertGreaterEqual(sources["sampling"], 3)
            self.assertGreater(data["memory"]["total"], 0)
            self.assertEqual(data["blocks"], [])
            for bad in ("0", "10001", "x", ""):
                self.assertEqual(agent.get("/api/v1/status/tsdb?limit=" + bad).status, 400, bad)

    def test_deleted_samples_are_gone(self):
        with Agent(BASE) as agent:
            agent.send_statsd("gone:7|g", "stays:7|g")
            wait_for(lambda: agent.query("gone") and agent.query("stays"), "statsd series")
            self.assertEqual(agent.post(ADMIN + "delete_series?match[]=gone").status, 204)
            self.assertEqual(agent.post(ADMIN + "clean_tombstones").status, 204)
            first = agent.value("min_over_time(timestamp(stays)[1h:100ms])")
            self.assertTrue(first)
            # StatsD goes on sending the gauge: only what came before is gone.
            self.assertGreater(agent.value("min_over_time(timestamp(gone)[1h:100ms])") or 1e12, first)

    def test_admin_calls_say_what_is_wrong(self):
        with Agent(BASE) as agent:
            for query, words in (("", "match[]"), ("?match[]=up{", "match[]"), ("?match[]=sum(up)", "no series selector"),
                                 ("?match[]=up%20offset%201m", "no series selector"), ("?match[]=up&start=2&end=1", "end"), ("?match[]=up&start=x", "start")):
                answer = agent.post(ADMIN + "delete_series" + query)
                self.assertEqual(answer.status, 400, query)
                self.assertIn(words, answer.json()["error"], query)
            self.assertEqual(agent.post(ADMIN + "snapshot?skip_head=maybe").status, 400)
            self.assertEqual(agent.get(ADMIN + "snapshot").status, 405)
            for call in ("delete_series?match[]=up", "clean_tombstones", "snapshot"):
                self.assertEqual(agent.post(ADMIN + call, b"", Origin="http://evil.example").status, 403, call)

    def test_snapshot_is_a_data_directory(self):
        with Agent(BASE) as agent:
            wait_for(lambda: agent.query("node_load1"), "samples")
            answer = agent.post(ADMIN + "snapshot")
            self.assertEqual(answer.status, 200, answer.body)
            snapshot = agent.directory / "data/snapshots" / answer.json()["data"]["name"]
            self.assertEqual(len(list(snapshot.glob("*/index"))), 1)
            with Agent(BASE + "storage: { path: '%s' }\n" % snapshot) as other:
                data = other.get("/api/v1/status/tsdb").json()["data"]
                self.assertEqual(len(data["blocks"]), 1)
                self.assertGreater(data["blocks"][0]["numSamples"], 0)

    def test_a_directory_of_a_newer_version_is_left_alone(self):
        with Agent(BASE) as agent:
            agent.stop()
            block = agent.directory / "data" / "01HF8BMTT0H2HPNPPG5PNBRZRE"
            (block / "chunks").mkdir(parents=True)
            (block / "meta.json").write_text('{"ulid":"01HF8BMTT0H2HPNPPG5PNBRZRE","minTime":0,"maxTime":1,"version":99}')
            agent.start(wait=False)
            self.assertNotEqual(agent.process.wait(NEVER), 0)
            self.assertIn("does not know", agent.log_text())
            self.assertIn(str(agent.directory / "data"), agent.log_text())
            self.assertTrue(block.exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
