#!/usr/bin/env python3
"""The page in a real browser over a real agent. With TICKBIRD_SCREENSHOT=FILE it leaves a picture."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../testing"))
from agentlib import *  # noqa: E402,F403
from browser import Browser  # noqa: E402

RULES = """
alert queue_long {
  value queue_length
  raise critical when > 10
  summary "Queue {queue} holds {value}"
}
"""


class Page(unittest.TestCase):
    def test_shows_this_machine_and_alerts_as_they_come(self):
        with Agent("rule_files: ['*.rules']\nhealth: { checks: [ { name: self, tcp: '127.0.0.1:1', interval: 1s } ] }\n", RULES) as agent, Browser() as browser:
            browser.open(agent.url)
            wait_for(lambda: "live" in browser.text().lower() and "%" in browser.text(), "live values")
            self.assertIn("self", browser.text())
            agent.send_statsd("queue_length:50|g|#queue:mail")
            wait_for(lambda: "Queue mail holds 50" in browser.text(), "the alert appears without a reload")
            if os.environ.get("TICKBIRD_SCREENSHOT"):
                browser.screenshot(os.environ["TICKBIRD_SCREENSHOT"])
            browser.run("[...document.querySelectorAll('button')].find(b => b.ariaLabel === 'Acknowledge queue_long').click()")
            wait_for(lambda: [a for a in agent.get("/api/tickbird/v1/alerts").json() if a["name"] == "queue_long"][0]["ack"], "acknowledged")
            wait_for(lambda: "acknowledged" in browser.text().lower(), "the page says so")
            self.assertEqual(browser.errors(), [])

    def test_hostile_labels_are_text(self):
        with Agent("rule_packs: []\nrule_files: ['*.rules']\n", RULES) as agent, Browser() as browser:
            browser.open(agent.url)
            agent.send_statsd("queue_length:50|g|#queue:<img src=x onerror=document.title='broken'>")
            wait_for(lambda: "<img" in browser.text(), "the label as text")
            self.assertEqual(browser.run("return document.querySelectorAll('main img, body img').length"), 0)
            self.assertNotEqual(browser.run("return document.title"), "broken")
            self.assertEqual(browser.errors(), [])

    def test_reconnects_to_a_restarted_agent(self):
        with Agent("rule_packs: []\n") as agent, Browser() as browser:
            browser.open(agent.url)
            wait_for(lambda: "live" in browser.text().lower(), "connected")
            agent.kill9()
            wait_for(lambda: "not connected" in browser.text().lower(), "the page notices")
            agent.start()
            wait_for(lambda: "not connected" not in browser.text().lower(), "connected again")


if __name__ == "__main__":
    unittest.main(verbosity=2)
