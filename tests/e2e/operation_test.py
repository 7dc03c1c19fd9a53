#!/usr/bin/env python3
"""Running it: bad configurations, reloads, signals, limits, a full disk."""
import os
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../testing"))
from agentlib import *  # noqa: E402,F403

BASE = "rule_packs: []\nrule_files: ['*.rules']\n"
RULE = "alert a {\n value queue_length\n raise warning when > %d\n}\n"


def run(*arguments, **options):
    return subprocess.run([str(BINARY), *arguments], capture_output=True, text=True, timeout=NEVER, **options)


class BadInput(unittest.TestCase):
    def refuse(self, config, rules, *expected):
        agent = Agent(config, rules)
        ended = run("run", "--config", str(agent.config_path))
        self.assertEqual(ended.returncode, 2, ended.stderr)
        for text in expected:
            self.assertIn(text, ended.stderr)
        self.assertFalse((agent.directory / "data").exists(), "nothing may be started")
        checked = run("check", "--config", str(agent.config_path))
        self.assertEqual(checked.returncode, 2)
        for text in expected:
            self.assertIn(text, checked.stdout + checked.stderr)
        shutil.rmtree(agent.directory)

    def test_configuration_errors_name_line_and_column(self):
        self.refuse("samplin: {}\n", None, "tickbird.yml:4:1: error: unknown key \"samplin\" (did you mean \"sampling\"?)", "    4 | samplin: {}")
        self.refuse("sampling: {interval: fast}\n", None, "tickbird.yml:4:22: error: interval:")

    def test_rule_errors_name_line_and_column_all_at_once(self):
        self.refuse(BASE, "alert a {\n value rat(x[1m])\n rise high when > 85%\n}\n", "test.rules:2:8: error:", "(did you mean \"rate\"?)",
                    "test.rules:3:2: error:", "(did you mean \"raise\"?)")

    def test_receiver_errors_do_not_show_secrets(self):
        self.refuse("receivers: [{name: m, email_configs: [{to: a@b.c, smart_host: 'x:25', auth_password: hunter2}]}]\n", None, "smart_host")

    def test_missing_file(self):
        ended = run("run", "--config", "/nonexistent/tickbird.yml")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("/nonexistent/tickbird.yml", ended.stderr)

    def test_rule_file_pattern_without_a_match_says_so(self):
        agent = Agent("rule_files: ['none/*.rules']\n")
        checked = run("check", "--config", str(agent.config_path))
        self.assertIn("none/*.rules", checked.stdout + checked.stderr)
        shutil.rmtree(agent.directory)


class Reload(unittest.TestCase):
    def rule_query(self, agent):
        groups = agent.get("/api/v1/rules").json()["data"]["groups"]
        return [rule["query"] for group in groups for rule in group["rules"]]

    def test_bad_reload_changes_nothing_and_says_so(self):
        with Agent(BASE, RULE % 10) as agent:
            before = self.rule_query(agent)
            agent.write_rules("alert a {\n")
            answer = agent.post("/-/reload")
            self.assertGreaterEqual(answer.status, 400)
            self.assertIn("test.rules", answer.body.decode())
            self.assertEqual(self.rule_query(agent), before)
            wait_for(lambda: agent.value("tickbird_config_last_reload_successful") == 0, "metric of the failed reload")
            agent.write_rules((RULE % 10).replace("queue_length", "other"))
            self.assertEqual(agent.post("/-/reload").status, 200)
            self.assertEqual(self.rule_query(agent), ["other"])
            wait_for(lambda: agent.value("tickbird_config_last_reload_successful") == 1, "metric of the good reload")

    def test_hangup_reloads(self):
        with Agent(BASE, RULE % 10) as agent:
            agent.write_rules((RULE % 10).replace("queue_length", "other"))
            agent.process.send_signal(signal.SIGHUP)
            wait_for(lambda: self.rule_query(agent) == ["other"], "rules of the new file")

    def test_reload_by_get_is_refused(self):
        with Agent(BASE, "") as agent:
            self.assertEqual(agent.get("/-/reload").status, 405)


class Signals(unittest.TestCase):
    def test_sigterm_delivers_what_is_queued_and_exits_0(self):
        with Webhook() as hook, Agent(BASE + "receivers: [{name: h, webhook_configs: [{url: '%s'}]}]\n" % hook.url, RULE % 10) as agent:
            agent.send_statsd("queue_length:50|g")
            wait_for(lambda: agent.get("/api/v1/alerts").json()["data"]["alerts"], "raised")
            self.assertEqual(agent.stop(), 0)
            self.assertEqual(len(hook.keys()), 1)

    def test_second_process_on_one_data_directory_is_refused(self):
        with Agent(BASE, "") as agent:
            second = Agent(BASE + "storage: { path: '%s' }\n" % (agent.directory / "data"), "")
            ended = run("run", "--config", str(second.config_path))
            self.assertEqual(ended.returncode, 1)
            self.assertIn("locked by another process", ended.stderr)
            shutil.rmtree(second.directory)

    def test_port_in_use(self):
        with Agent(BASE, "") as agent:
            second = Agent(BASE, "")
            second.port = agent.port
            second.write_config(BASE)
            ended = run("run", "--config", str(second.config_path))
            self.assertEqual(ended.returncode, 1)
            self.assertIn(str(agent.port), ended.stderr)
            shutil.rmtree(second.directory)


class Limits(unittest.TestCase):
    def test_large_body_is_413_and_the_agent_goes_on(self):
        with Agent(BASE + "limits: { max_body: 10KB }\n", "") as agent:
            answer = agent.post("/api/v1/query", b"query=" + b"x" * 20000, **{"Content-Type": "application/x-www-form-urlencoded"})
            self.assertEqual(answer.status, 413)
            self.assertEqual(answer.json()["status"], "error")
            self.assertEqual(agent.get("/-/healthy").status, 200)

    def test_series_limit_refuses_new_series_only(self):
        with Agent(BASE + "sampling: { collectors: [loadavg] }\nlimits: { max_series: 300 }\n", "") as agent:
            wait_for(lambda: agent.value("node_load1") is not None, "load")
            for i in range(40):
                agent.send_statsd(*["many:1|g|#i:%d" % (i * 20 + k) for k in range(20)])
            wait_for(lambda: (agent.value('sum(tickbird_tsdb_samples_refused_total)') or 0) > 0, "refused series are counted")
            newest = agent.value("timestamp(node_load1)")
            wait_for(lambda: agent.value("timestamp(node_load1)") > newest, "existing series go on")

    def test_malformed_datagrams_are_counted_by_reason(self):
        with Agent(BASE, "") as agent:
            agent.send_statsd("no_colon", "good:1|c", "bad:x|c", "odd:1|zz")
            wait_for(lambda: agent.value("good_total") == 1, "the good line")
            reasons = wait_for(lambda: {dict(k)["reason"]: v for k, v in agent.query("tickbird_statsd_errors_total > 0").items()}, "counted errors")
            self.assertGreaterEqual(len(reasons), 2, reasons)


class DiskFull(unittest.TestCase):
    def test_alerts_go_on_and_the_log_recovers(self):
        if os.geteuid() != 0:
            raise unittest.SkipTest("mounting a small file system needs root")
        with tempfile.TemporaryDirectory() as directory, Webhook() as hook:
            disk = os.path.join(directory, "disk")
            os.mkdir(disk)
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True)
            if mounted.returncode != 0:
                raise unittest.SkipTest("mounting is not allowed here")
            try:
                config = BASE.replace("[]", "[self]") + "storage: { path: '%s/data' }\nreceivers: [{name: h, webhook_configs: [{url: '%s'}]}]\n" % (disk, hook.url)
                with Agent(config, RULE % 10) as agent:
                    with open(os.path.join(disk, "filler"), "wb", buffering=0) as filler, contextlib.suppress(OSError):
                        while True:
                            filler.write(b"x" * 4096)
                    wait_for(lambda: (agent.value("tickbird_tsdb_wal_failures_total") or 0) > 0, "failures are counted")
                    agent.send_statsd("queue_length:50|g")
                    wait_for(lambda: [b for b in hook.bodies() if b["commonLabels"]["alertname"] == "a"], "alerts go on")
                    wait_for(lambda: [b for b in hook.bodies() if b["commonLabels"]["alertname"] != "a"], "a self alert tells")
                    os.unlink(os.path.join(disk, "filler"))
                    failures = lambda: agent.value("increase(tickbird_tsdb_wal_failures_total[12s])")
                    wait_for(lambda: failures() == 0, "recovered by itself")
                    agent.kill9()
                    agent.start()
                    self.assertIsNotNone(agent.value("queue_length"))
            finally:
                subprocess.run(["umount", "-l", disk], check=True)


class Cli(unittest.TestCase):
    def test_every_command_has_help(self):
        for command in ("run", "check", "query", "alerts", "ack", "health", "version"):
            shown = run(command, "--help")
            self.assertEqual(shown.returncode, 0, command)
            self.assertIn("Exit codes", shown.stdout, command)

    def test_query_and_health(self):
        with Agent(BASE, "") as agent:
            table = run("query", "1 + 1", "--url", agent.url)
            self.assertEqual((table.returncode, table.stdout.strip()), (0, "2"))
            self.assertEqual(json.loads(run("query", "1 + 1", "--json", "--url", agent.url).stdout)["data"]["result"][1], "2")
            self.assertEqual(run("query", "1 +", "--url", agent.url).returncode, 2)
            self.assertEqual(run("health", "--url", agent.url).returncode, 0)
            self.assertEqual(run("health", "--url", "http://127.0.0.1:%d" % free_port()).returncode, 1)
            self.assertEqual(run("nonsense").returncode, 2)
            self.assertIn("tickbird", run("version").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
