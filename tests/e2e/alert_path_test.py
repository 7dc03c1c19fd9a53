#!/usr/bin/env python3
"""From a value that crosses a line to a person with a message, over the real process and real servers."""
import email
import email.policy
import os
import sys
import subprocess
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../testing"))
from agentlib import *  # noqa: E402,F403

RULES = """
alert queue_long {
  value queue_length
  raise warning when > 10 clear when < 5
  raise critical when > 100
  cooldown 1h
  label team = "shop"
  summary "Queue {queue} holds {value} entries"
  advice "Start another worker."
}
"""
BASE = "rule_packs: []\nrule_files: ['*.rules']\n"


def hook_config(hook, extra=""):
    return BASE + "receivers:\n- name: hook\n  webhook_configs: [{url: '%s'}]\n%s" % (hook.url, extra)


def gauge(agent, value):
    agent.send_statsd("queue_length:%s|g|#queue:mail" % value)


class Webhooks(unittest.TestCase):
    def test_raise_worsen_and_clear(self):
        with Webhook() as hook, Agent(hook_config(hook), RULES) as agent:
            gauge(agent, 50)
            first = wait_for(hook.bodies, "raised message")[0]
            self.assertEqual(first["version"], "4")
            self.assertEqual(first["status"], "firing")
            alert = first["alerts"][0]
            self.assertEqual((alert["labels"]["alertname"], alert["labels"]["severity"], alert["labels"]["team"], alert["labels"]["queue"]),
                             ("queue_long", "warning", "shop", "mail"))
            self.assertEqual(alert["annotations"]["summary"], "Queue mail holds 50 entries")
            gauge(agent, 500)
            wait_for(lambda: len(hook.bodies()) == 2, "worse level")
            self.assertEqual(hook.bodies()[1]["alerts"][0]["labels"]["severity"], "critical")
            gauge(agent, 1)
            wait_for(lambda: len(hook.bodies()) == 3, "clear")
            self.assertEqual(hook.bodies()[2]["status"], "resolved")
            self.assertEqual(len(set(hook.keys())), 3)
            self.assertEqual(agent.get("/api/v1/alerts").json()["data"]["alerts"], [])

    def test_acknowledge_through_api_and_cli(self):
        with Webhook() as hook, Agent(hook_config(hook), RULES) as agent:
            gauge(agent, 50)
            wait_for(hook.bodies, "raised message")
            listed = subprocess.run([str(BINARY), "alerts", "--url", agent.url, "--json"], capture_output=True, check=True)
            alerts = json.loads(listed.stdout)
            self.assertEqual(len(alerts), 1, listed.stdout)
            acked = subprocess.run([str(BINARY), "ack", alerts[0]["id"], "--url", agent.url, "--by", "ada", "--note", "on it"], capture_output=True)
            self.assertEqual(acked.returncode, 0, acked.stderr)
            again = json.loads(subprocess.run([str(BINARY), "alerts", "--url", agent.url, "--json"], capture_output=True, check=True).stdout)
            self.assertEqual(again[0]["ack"]["by"], "ada")
            missing = agent.post("/api/tickbird/v1/alerts/%s/ack" % ("0" * 16))
            self.assertEqual(missing.status, 404)

    def test_another_web_site_cannot_acknowledge(self):
        with Webhook() as hook, Agent(hook_config(hook), RULES) as agent:
            gauge(agent, 50)
            wait_for(hook.bodies, "raised message")
            alert = agent.get("/api/tickbird/v1/alerts").json()[0]
            answer = agent.post("/api/tickbird/v1/alerts/%s/ack" % alert["id"], Origin="http://evil.example")
            self.assertEqual(answer.status, 403)

    def test_retry_honours_retry_after(self):
        answers = [(503, {"Retry-After": "1"}), (200, {})]
        with Webhook(lambda body, headers: answers.pop(0) if len(answers) > 1 else answers[0]) as hook, Agent(hook_config(hook), RULES) as agent:
            gauge(agent, 50)
            wait_for(hook.bodies, "delivered after a refusal")
            with hook.lock:
                refused, delivered = hook.requests[0], hook.requests[1]
            self.assertGreaterEqual(delivered[0] - refused[0], 0.95)
            self.assertEqual(refused[1]["webhook-id"], delivered[1]["webhook-id"])


class KillNine(unittest.TestCase):
    def test_decided_but_undelivered_goes_out_once_after_restart(self):
        with Webhook(lambda body, headers: 503) as down:
            agent = Agent(hook_config(down), RULES)
            with agent:
                gauge(agent, 50)
                wait_for(lambda: down.keys(503), "first attempt")
                key = down.keys(503)[0]
                agent.kill9()
                port = down.port
                down.close()
                with Webhook(port=port) as hook:
                    agent.start()
                    wait_for(hook.keys, "delivered after restart")
                    self.assertEqual(hook.keys()[0], key)
                    # The value is still above the line: fresh samples must not page a second time.
                    gauge(agent, 51)
                    wait_for(lambda: agent.value("queue_length") == 51, "sample after restart")
                    wait_for(lambda: (agent.value("count_over_time(queue_length[10s])") or 0) >= 3, "rules ran on")
                    self.assertEqual(hook.keys(), [key])
                    gauge(agent, 1)
                    wait_for(lambda: len(hook.keys()) == 2, "clear after restart")
                    self.assertEqual(hook.bodies()[1]["status"], "resolved")

    def test_samples_survive(self):
        agent = Agent(BASE, "")
        with agent:
            agent.send_statsd("orders:5|c")
            wait_for(lambda: agent.value("orders_total") == 5, "counter")
            before = time.time()
            agent.kill9()
            agent.start()
            self.assertEqual(agent.value("orders_total @ %f" % before), 5)


class Mail(unittest.TestCase):
    def config(self, smtp, to="ops@example.org", name="mail"):
        return ("- name: %s\n  email_configs:\n  - {to: %s, from: tickbird@example.org, smarthost: '127.0.0.1:%d', auth_username: ops, auth_password: s3cret, require_tls: true,"
                " tls_config: {ca_file: '%s', server_name: localhost}}\n") % (name, to, smtp.port, smtp.cert)

    def test_mail_arrives_over_starttls_with_auth(self):
        with tempfile.TemporaryDirectory() as directory, SmtpServer(directory) as smtp:
            with Agent(BASE + "receivers:\n" + self.config(smtp), RULES) as agent:
                gauge(agent, 50)
                envelope = wait_for(lambda: smtp.mails and smtp.mails[0], "mail")
                self.assertEqual(envelope.rcpt_tos, ["ops@example.org"])
                message = email.message_from_bytes(envelope.content, policy=email.policy.default)
                self.assertIn("Queue mail holds 50 entries", message["Subject"])
                for header in ("Date", "Message-ID", "References", "Auto-Submitted"):
                    self.assertTrue(message[header], header)
                parts = [part.get_content_type() for part in message.walk()]
                self.assertEqual(parts, ["multipart/alternative", "text/plain", "text/html"])
                text = message.get_body(("plain",)).get_content()
                self.assertIn("Start another worker.", text)
                gauge(agent, 1)
                wait_for(lambda: len(smtp.mails) == 2, "mail of the recovery")
                second = email.message_from_bytes(smtp.mails[1].content, policy=email.policy.default)
                self.assertEqual(second["References"], message["References"])
                self.assertNotEqual(second["Message-ID"], message["Message-ID"])

    def test_temporary_refusal_is_tried_again(self):
        answers = ["451 try later"]
        with tempfile.TemporaryDirectory() as directory, SmtpServer(directory, reply=lambda e: answers.pop() if answers else "250 OK") as smtp:
            with Agent(BASE + "receivers:\n" + self.config(smtp), RULES) as agent:
                gauge(agent, 50)
                wait_for(lambda: smtp.mails, "mail after a 451")

    def test_dead_smtp_server_delays_no_webhook(self):
        # A server that accepts and never speaks.
        with socket.socket() as silent, Webhook() as hook:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            mail = "- name: mail\n  email_configs: [{to: a@example.org, from: b@example.org, smarthost: '127.0.0.1:%d'}]\n" % silent.getsockname()[1]
            with Agent(hook_config(hook, mail), RULES) as agent:
                gauge(agent, 50)
                started = time.monotonic()
                wait_for(hook.bodies, "webhook")
                self.assertLess(time.monotonic() - started, 10)

    def test_secrets_are_in_no_log_and_no_answer(self):
        with tempfile.TemporaryDirectory() as directory, SmtpServer(directory, password="other") as smtp:
            with Agent(BASE + "receivers:\n" + self.config(smtp), RULES) as agent:
                gauge(agent, 50)
                wait_for(lambda: agent.value('sum(tickbird_notifications_failed_total)'), "authentication fails")
                pages = agent.log_text() + "".join(agent.get(p).body.decode() for p in ("/metrics", "/api/v1/alerts", "/health", "/api/v1/rules"))
                self.assertNotIn("s3cret", pages)


class RealLoad(unittest.TestCase):
    def test_stress_raises_the_cpu_alert(self):
        need("stress-ng")
        rules = 'alert cpu_hot {\n value cpu_usage_percent\n raise critical when > 80 for 2s\n summary "CPU at {value:.0f} %"\n}\n'
        with Webhook() as hook:
            config = hook_config(hook).replace("rule_packs: []", "rule_packs: [host]")
            with Agent(config, rules) as agent:
                load = subprocess.Popen(["stress-ng", "--cpu", "0", "--timeout", "60s"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    body = wait_for(lambda: [b for b in hook.bodies() if b["commonLabels"]["alertname"] == "cpu_hot"], "the CPU alert")[0]
                    self.assertEqual(body["status"], "firing")
                finally:
                    load.terminate()
                    load.wait()


if __name__ == "__main__":
    unittest.main(verbosity=2)
