#!/usr/bin/env python3
"""The built-in packs hear what an application says by StatsD under the names that rules/packs/README.md gives."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../testing"))
from agentlib import *  # noqa: E402,F403

CONFIG = "rule_packs: [app, database, cache]\nsampling: { collectors: [loadavg] }\n"
BAD = ["page_load:12000|ms|#page:home", "function_duration:3000|ms|#function:report", "query_duration:7000|ms|#query:orders", "operations_failed:20|c",
       "errors:60|c", "db_pool_in_use:10|g|#pool:main", "db_pool_size:10|g|#pool:main", "cache_hits:1|c|#cache:c", "cache_misses:9|c|#cache:c",
       "cache_size_bytes:209715200|g|#cache:c"]
GOOD = ["page_load:120|ms|#page:home", "function_duration:30|ms|#function:report", "query_duration:7|ms|#query:orders", "db_pool_in_use:1|g|#pool:main",
        "db_pool_size:10|g|#pool:main", "cache_hits:9|c|#cache:c", "cache_misses:1|c|#cache:c", "cache_size_bytes:1000|g|#cache:c"]
ALERTS = {"page_load_slow", "function_slow", "operations_failing", "errors_reported", "query_very_slow", "query_average_slow", "pool_exhausted",
          "cache_hit_rate_low", "cache_large"}


def states(agent):
    groups = agent.get("/api/v1/rules").json()["data"]["groups"]
    return {r["name"]: (r["state"], r["health"]) for g in groups for r in g["rules"] if r["type"] == "alerting"}


class Packs(unittest.TestCase):
    def test_every_alert_notices_bad_numbers(self):
        with Agent(CONFIG) as agent:
            def all_noticed():
                agent.send_statsd(*BAD)
                return {name for name, (state, _) in states(agent).items() if state != "inactive"} == ALERTS
            wait_for(all_noticed, "all alerts pending or firing")
            # Holds pass while the application goes on: the shortest is ten seconds.
            def page_load_fires():
                agent.send_statsd(*BAD)
                return [a for a in agent.get("/api/tickbird/v1/alerts").json() if a["name"] == "page_load_slow" and a["level"] == "critical"]
            self.assertIn("home", json.dumps(wait_for(page_load_fires, "page loads over ten seconds are critical")))

    def test_good_numbers_stay_quiet(self):
        with Agent(CONFIG) as agent:
            def seen():
                agent.send_statsd(*GOOD)
                return (agent.value("sum(page_load_seconds_count)") or 0) >= 100 and (agent.value("count_over_time(cache_size_bytes[1m])") or 0) >= 5
            wait_for(seen, "five seconds of good numbers")
            self.assertEqual({name for name, (state, _) in states(agent).items() if state != "inactive"}, set())
            self.assertEqual({health for _, health in states(agent).values()}, {"ok"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
