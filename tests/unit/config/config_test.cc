#include "agent/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace tickbird::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Surroundings Fake(std::map<std::string, std::string> variables = {}, std::map<std::string, std::string> files = {}) {
  variables.emplace("XDG_STATE_HOME", "/state");
  return {.variable = [variables](std::string_view name) -> std::optional<std::string> {
            const auto found = variables.find(std::string(name));
            return found == variables.end() ? std::nullopt : std::optional(found->second);
          },
          .read_file = [files](const std::string& path) -> Result<std::string> {
            const auto found = files.find(path);
            if (found == files.end())
              return Error{ErrorCode::kNotFound, "open " + path + ": No such file or directory"};
            return found->second;
          },
          .hostname = "host1"};
}

const std::vector<std::string> kPacks = {"host", "app", "database", "cache", "health", "self"};

std::expected<Config, ConfigProblems> Load(std::string_view text, const Surroundings& surroundings = Fake()) {
  return LoadConfig("/etc/tickbird/tickbird.yml", text, surroundings, kPacks);
}

TEST(LoadConfig, EmptyFileIsTheDefault) {
  const auto config = Load("");
  ASSERT_TRUE(config);
  EXPECT_EQ(FormatAddress(config->listen), "127.0.0.1:9797");
  EXPECT_EQ(config->storage.path, "/state/tickbird");
  EXPECT_EQ(config->sampling.interval, 1000);
  EXPECT_EQ(config->sampling.instance, "host1");
  EXPECT_EQ(config->rule_packs, kPacks);
  EXPECT_EQ(FormatAddress(*config->statsd.udp), "127.0.0.1:8125");
}

TEST(LoadConfig, ReadsWhatTheStoreMayUse) {
  const auto config = Load(
      "storage: { retention: { time: 7d, size: 2GB }, block_range: 2h, memory: 64MB, tsdb: { out_of_order_time_window: "
      "1m }, "
      "exemplars: { max_exemplars: 5 } }\n");
  ASSERT_TRUE(config) << config.error().Render();
  EXPECT_EQ(config->storage.retention_time, 7 * kDayMs);
  EXPECT_EQ(config->storage.retention_bytes, std::int64_t{2} << 30);
  EXPECT_EQ(config->storage.block_range, 2 * kHourMs);
  EXPECT_EQ(config->storage.memory_bytes, std::int64_t{64} << 20);
  EXPECT_EQ(config->storage.out_of_order_window, kMinuteMs);
  EXPECT_EQ(config->storage.max_exemplars, 5);
}

TEST(LoadConfig, RefusesAStoreThatCannotWork) {
  for (const std::string_view storage :
       {"{ memory: 15MB }", "{ block_range: 1s }", "{ block_range: 2d }", "{ tsdb: { out_of_order_time_window: -1s } }",
        "{ exemplars: { max_exemplars: -1 } }", "{ tsdb: { x: 1 } }"}) {
    EXPECT_FALSE(Load("storage: " + std::string(storage) + "\n")) << storage;
  }
}

TEST(LoadConfig, ReadsTheExampleOfTheDesign) {
  const auto config = Load(R"(
listen: 127.0.0.1:9798
storage:  { path: ./data, retention: { time: 24h, size: 512MB } }
sampling: { interval: 250ms, collectors: [cpu, memory] }
ingest:   { statsd: { udp: 127.0.0.1:8126 } }
rule_packs: [host, self]
rule_files: ["rules/*.rules"]
health:   { checks: [ { name: api, http: { url: "http://127.0.0.1:8000/healthz" }, interval: 5s, critical: true } ] }
receivers: [ { name: hook, webhook_configs: [ { url: "http://127.0.0.1:9000/alerts" } ] } ]
)");
  ASSERT_TRUE(config) << config.error().Render();
  EXPECT_EQ(config->storage.path, "/etc/tickbird/./data");
  EXPECT_EQ(config->storage.retention_time, kDayMs);
  EXPECT_EQ(config->sampling.interval, 250);
  EXPECT_THAT(config->rule_files, ElementsAre("/etc/tickbird/rules/*.rules"));
  ASSERT_EQ(config->health_checks.size(), 1u);
  EXPECT_TRUE(config->health_checks[0].critical);
  ASSERT_EQ(config->receivers.size(), 1u);
  EXPECT_EQ(config->receivers[0].kind, "webhook");
  EXPECT_EQ(config->receivers[0].fields[0].value, "http://127.0.0.1:9000/alerts");
}

TEST(LoadConfig, GlobalSettingsAreDefaultsOfReceivers) {
  const auto config = Load(
      "global: {smtp_smarthost: 'mail:587', smtp_auth_password_file: pw, smtp_from: a@b}\n"
      "receivers:\n- name: mail\n  email_configs:\n  - to: x@y\n    from: own@b\n    headers: {Subject: hi}\n",
      Fake({}, {{"/etc/tickbird/pw", "secret\n"}}));
  ASSERT_TRUE(config) << config.error().Render();
  std::map<std::string, std::string> fields;
  for (const ReceiverField& field : config->receivers[0].fields) fields[field.name] = field.value;
  EXPECT_EQ(fields, (std::map<std::string, std::string>{{"to", "x@y"},
                                                        {"from", "own@b"},
                                                        {"headers.Subject", "hi"},
                                                        {"smarthost", "mail:587"},
                                                        {"auth_password", "secret"}}));
}

TEST(LoadConfig, ExpandsVariables) {
  const auto config =
      Load("listen: 127.0.0.1:${PORT:-1234}\nexternal_url: ${URL}/x$${y}${1}\n", Fake({{"URL", "http://a"}}));
  ASSERT_TRUE(config) << config.error().Render();
  EXPECT_EQ(config->listen.port, 1234);
  EXPECT_EQ(config->external_url, "http://a/x${y}${1}");
  EXPECT_THAT(Load("a: 1\nexternal_url: ${NOPE}\n").error().Render(),
              HasSubstr(":2:15: error: environment variable NOPE is not set"));
}

TEST(LoadConfig, EnvironmentOverrides) {
  const auto config = Load("listen: 127.0.0.1:1\n", Fake({{"TICKBIRD_LISTEN", ":9000"},
                                                          {"TICKBIRD_WEBHOOK_URLS", "http://a/x, http://b/y"},
                                                          {"TICKBIRD_EMAIL_TO", "ops@example.org"}}));
  ASSERT_TRUE(config);
  EXPECT_EQ(FormatAddress(config->listen), "0.0.0.0:9000");
  std::vector<std::string> names;
  for (const ReceiverSpec& receiver : config->receivers) names.push_back(receiver.name);
  EXPECT_THAT(names, ElementsAre("email", "webhook-1", "webhook-2"));
}

TEST(LoadConfig, SaysWhereWhatAndWhatToDo) {
  const std::pair<const char*, const char*> cases[] = {
      {"samplin: {}\n",
       ":1:1: error: unknown key \"samplin\" (did you mean \"sampling\"?)\n    1 | samplin: {}\n      | ^~~~~~~\n"},
      {"sampling: {interval: 10}\n",
       ":1:22: error: interval: \"10\" is not a duration: it needs a unit, for example 10s or 10m"},
      {"sampling: {interval: 10ms}\n", "interval must be from 100ms to 1h, not 10ms"},
      {"listen: here\n", "listen: \"here\" is not an address"},
      {"listen: [a]\n", "listen: \"\" is not an address"},
      {"listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n",
       ":2:1: error: duplicate key \"listen\"; it is already set at line 1"},
      {"rule_packs: [hots]\n", "unknown rule pack \"hots\" (did you mean \"host\"?)"},
      {"scrape_configs: []\n", "scrape_configs is not supported by this version"},
      {"route: {receiver: x}\n", "unknown receiver \"x\""},
      {"route: {group_wait: 1s}\n", "group_wait is not supported by this version; use notify"},
      {"receivers: [{name: a, pagerduty_configs: []}]\n", "pagerduty_configs is not supported by this version"},
      {"receivers: [{name: a}, {name: a, log_configs: [{}]}, {name: a}]\n", "duplicate receiver \"a\""},
      {"receivers: [{name: a, email_configs: [{auth_password_file: none}]}]\n", "auth_password_file: open"},
      {"health: {checks: [{name: a}]}\n", "a check needs http"},
      {"health: {checks: [{name: a, tcp: nowhere}]}\n", "tcp must be host:port"},
      {"log: {level: inof}\n", "\"inof\" is none of debug, info, warn, error (did you mean \"info\"?)"},
      {"just text\n", "must be a mapping"},
      {"ingest: {statsd: {buckets: [1, 1]}}\n", "buckets must be rising"},
  };
  for (const auto& [text, expected] : cases) {
    const auto config = Load(text);
    ASSERT_FALSE(config) << text;
    EXPECT_THAT(config.error().Render(), HasSubstr(expected)) << text;
  }
}

TEST(LoadConfig, ErrorsShowNoSecret) {
  for (const char* text : {"receivers: [{name: m, email_configs: [{to: 1, auth_password: hunter2, x: [a]}]}]\n",
                           "slack_api_url: 'hunter2' : : [\n",
                           "receivers:\n- name: m\n  email_configs: [{\"auth_password\": \"hunter2\", a: [b]}]\n",
                           "bearer_token: hunter2, {x\n"}) {
    const auto config = Load(text);
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().Render().find("hunter2"), std::string::npos) << config.error().Render();
  }
}

TEST(ParseAddress, KnowsItsForms) {
  EXPECT_EQ(ParseAddress("[::1]:80").value_or(Address{}), (Address{"::1", 80}));
  EXPECT_EQ(ParseAddress(":80").value_or(Address{}), (Address{"0.0.0.0", 80}));
  EXPECT_EQ(ParseAddress("localhost:80").value_or(Address{}), (Address{"127.0.0.1", 80}));
  for (const char* text : {"", "80", "a:b", "127.0.0.1:99999", "example.org:80", "1.2.3:80", "[zz]:80"})
    EXPECT_FALSE(ParseAddress(text)) << text;
}

}  // namespace
}  // namespace tickbird::config
