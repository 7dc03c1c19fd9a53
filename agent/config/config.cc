#include "agent/config/config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "agent/config/sections.h"
#include "core/base/fs.h"
#include "core/base/strings.h"

namespace tickbird::config {
namespace {

void ReadAddress(yaml::MapReader& reader, std::string_view key, Address* out) {
  reader.Any(key, [&](const yaml::Node& node) {
    auto address = ParseAddress(node.text);
    if (address) {
      *out = *address;
    } else {
      reader.problems().Add(node, fmt::format("{}: {}", key, address.error().message));
    }
  });
}

constexpr std::int64_t kMinMemoryBytes = std::int64_t{16} << 20;

void ReadStorage(yaml::MapReader& storage, StorageConfig& out) {
  storage.String("path", &out.path);
  storage.Map("retention", [&](yaml::MapReader& retention) {
    retention.Duration("time", &out.retention_time, kMinuteMs, 365 * kDayMs).Size("size", &out.retention_bytes);
  });
  storage.Duration("block_range", &out.block_range, kMinuteMs, kDayMs).Size("memory", &out.memory_bytes);
  if (out.memory_bytes < kMinMemoryBytes) {
    storage.problems().Add(*storage.Find("memory"), "memory must be at least 16MB");
  }
  storage.Map("tsdb", [&](yaml::MapReader& tsdb) {
    tsdb.Duration("out_of_order_time_window", &out.out_of_order_window, 0, kDayMs);
  });
  storage.Map("exemplars",
              [&](yaml::MapReader& exemplars) { exemplars.Int("max_exemplars", &out.max_exemplars, 0, 10'000'000); });
  storage.Duration("wal_sync_interval", &out.wal_sync_interval, 10, kMinuteMs);
}

void ReadSampling(yaml::MapReader& sampling, SamplingConfig& out) {
  sampling.Duration("interval", &out.interval, 100, kHourMs).Strings("collectors", &out.collectors);
  sampling.String("procfs", &out.procfs)
      .String("sysfs", &out.sysfs)
      .String("cgroupfs", &out.cgroupfs)
      .String("rootfs", &out.rootfs);
  sampling.Strings("processes", &out.processes).String("job", &out.job).String("instance", &out.instance);
}

void ReadBuckets(yaml::MapReader& statsd, std::vector<double>& out) {
  std::vector<std::string> texts;
  statsd.Strings("buckets", &texts);
  for (const std::string& text : texts) {
    yaml::Problems& problems = statsd.problems();
    const yaml::Node& node = *statsd.Find("buckets");
    char* end = nullptr;
    const double bound = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || *end != '\0' || (!out.empty() && bound <= out.back())) {
      problems.Add(node, fmt::format("buckets must be rising numbers of seconds; {} is not", Quoted(text)));
      return;
    }
    out.push_back(bound);
  }
}

void ReadIngest(yaml::MapReader& ingest, StatsdConfig& out) {
  ingest.Map("statsd", [&](yaml::MapReader& statsd) {
    statsd.Any("udp", [&](const yaml::Node& node) {
      if (node.plain && (node.text == "false" || node.text == "off")) {
        out.udp.reset();
        return;
      }
      auto address = ParseAddress(node.text);
      if (address) {
        out.udp = *address;
      } else {
        statsd.problems().Add(node, fmt::format("udp: {}; write false to switch it off", address.error().message));
      }
    });
    ReadBuckets(statsd, out.buckets);
  });
}

void ReadHttpCheck(yaml::MapReader& http, HealthCheckConfig& out) {
  http.String("url", &out.url).Int("status", &out.expected_status, 100, 599);
  const bool is_url = out.url.starts_with("http://") || out.url.starts_with("https://");
  if (!is_url) http.problems().Add(http.node(), "an http check needs a url that starts with http:// or https://");
}

void ReadTcpCheck(const yaml::Node& node, yaml::Problems& problems, HealthCheckConfig& out) {
  const auto colon = node.text.rfind(':');
  int port = 0;
  const char* const end = node.text.data() + node.text.size();
  const bool ok = colon != std::string::npos && colon > 0 &&
                  std::from_chars(node.text.data() + colon + 1, end, port).ptr == end && port > 0 && port < 65536;
  if (!ok) {
    problems.Add(node, fmt::format("tcp must be host:port, not {}", Quoted(node.text)));
    return;
  }
  out.tcp = {node.text.substr(0, colon), port};
}

void ReadHealthCheck(const yaml::Node& node, yaml::Problems& problems, std::vector<HealthCheckConfig>& checks) {
  HealthCheckConfig check;
  yaml::MapReader reader(node, "check", problems);
  reader.String("name", &check.name);
  reader.Map("http", [&](yaml::MapReader& http) { ReadHttpCheck(http, check); });
  reader.Any("tcp", [&](const yaml::Node& tcp) { ReadTcpCheck(tcp, problems, check); });
  reader.Duration("interval", &check.interval, 100, kDayMs)
      .Duration("timeout", &check.timeout, 10, kHourMs)
      .Bool("critical", &check.critical);
  reader.Finish();
  if (check.name.empty()) problems.Add(node, "a check needs a name");
  if (reader.Find("http") != nullptr && reader.Find("tcp") != nullptr)
    problems.Add(node, "a check is either http or tcp, not both");
  if (reader.Find("http") == nullptr && reader.Find("tcp") == nullptr)
    problems.Add(node, "a check needs http: { url: ... } or tcp: host:port");
  const bool taken =
      std::any_of(checks.begin(), checks.end(), [&](const auto& other) { return other.name == check.name; });
  if (taken) problems.Add(node, fmt::format("duplicate check {}", Quoted(check.name)));
  checks.push_back(std::move(check));
}

void ReadLimits(yaml::MapReader& limits, LimitsConfig& out) {
  constexpr std::int64_t kMillion = 1'000'000;
  limits.Int("max_series", &out.max_series, 100, 100 * kMillion)
      .Int("max_connections", &out.max_connections, 1, kMillion);
  limits.Size("max_body", &out.max_body_bytes).Duration("request_timeout", &out.request_timeout, 100, kHourMs);
  limits.Int("max_query_samples", &out.max_query_samples, 1000, 10'000 * kMillion);
  limits.Int("max_dashboard_streams", &out.max_dashboard_streams, 0, 100'000);
}

template <class T>
void ReadChoice(yaml::MapReader& reader, std::string_view key,
                std::initializer_list<std::pair<std::string_view, T>> choices, T* out) {
  reader.Any(key, [&](const yaml::Node& node) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : choices) {
      names.push_back(name);
      if (name == node.text) {
        *out = value;
        return;
      }
    }
    reader.problems().Add(node, fmt::format("{}: {} is none of {}{}", key, Quoted(node.text), fmt::join(names, ", "),
                                            DidYouMean(node.text, names)));
  });
}

void ReadRules(yaml::MapReader& top, const std::string& file, const std::vector<std::string>& known_packs,
               Config& out) {
  top.Any("rule_packs", [&](const yaml::Node& node) {
    out.rule_packs.clear();
    if (node.kind != yaml::Node::Kind::kSequence) top.problems().Add(node, "rule_packs must be a list; [] for none");
    const std::vector<std::string_view> known(known_packs.begin(), known_packs.end());
    for (const yaml::Node& item : node.items) {
      if (std::find(known.begin(), known.end(), item.text) == known.end()) {
        top.problems().Add(item,
                           fmt::format("unknown rule pack {}{}", Quoted(item.text), DidYouMean(item.text, known)));
      }
      out.rule_packs.push_back(item.text);
    }
  });
  top.Strings("rule_files", &out.rule_files);
  for (std::string& pattern : out.rule_files) pattern = ResolvePath(file, pattern);
}

/// Sections of prometheus.yml, alertmanager.yml and DESIGN.md that this version does not act on: an error, never
/// silence.
void RefuseUnsupported(yaml::MapReader& top) {
  for (const std::string_view key :
       {"scrape_configs", "scrape_config_files", "remote_write", "remote_read", "alerting", "inhibit_rules",
        "time_intervals", "mute_time_intervals", "templates", "otlp", "tracing", "state", "cache", "dashboard"}) {
    top.Unsupported(key, "");
  }
}

void ReadTop(yaml::MapReader& top, const std::string& file, const Surroundings& surroundings,
             const std::vector<std::string>& known_packs, Config& out) {
  ReadAddress(top, "listen", &out.listen);
  top.String("external_url", &out.external_url);
  top.Map("storage", [&](yaml::MapReader& storage) { ReadStorage(storage, out.storage); });
  top.Map("sampling", [&](yaml::MapReader& sampling) { ReadSampling(sampling, out.sampling); });
  top.Map("ingest", [&](yaml::MapReader& ingest) { ReadIngest(ingest, out.statsd); });
  ReadRules(top, file, known_packs, out);
  top.Map("health", [&](yaml::MapReader& health) {
    health.List("checks", [&](const yaml::Node& node) { ReadHealthCheck(node, health.problems(), out.health_checks); });
  });
  ReadReceivers(top, file, surroundings, out);
  top.Map("limits", [&](yaml::MapReader& limits) { ReadLimits(limits, out.limits); });
  top.Map("log", [&](yaml::MapReader& reader) {
    using enum log::Level;
    ReadChoice<log::Level>(reader, "level", {{"debug", kDebug}, {"info", kInfo}, {"warn", kWarn}, {"error", kError}},
                           &out.log_level);
    ReadChoice<log::Format>(reader, "format", {{"logfmt", log::Format::kLogfmt}, {"json", log::Format::kJson}},
                            &out.log_format);
  });
  top.Duration("shutdown_grace", &out.shutdown_grace, 0, kHourMs);
  RefuseUnsupported(top);
  if (!out.default_receiver.empty()) {
    std::vector<std::string_view> names;
    names.reserve(out.receivers.size());
    for (const ReceiverSpec& receiver : out.receivers) names.push_back(receiver.name);
    if (std::find(names.begin(), names.end(), out.default_receiver) == names.end()) {
      top.problems().Add(
          *top.Find("route")->Find("receiver"),
          fmt::format("unknown receiver {}{}", Quoted(out.default_receiver), DidYouMean(out.default_receiver, names)));
    }
  }
}

bool IsIpLiteral(const std::string& host) {
  in6_addr parsed{};
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1 || inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

}  // namespace

Result<Address> ParseAddress(std::string_view text) {
  const auto colon = text.rfind(':');
  const Error bad{ErrorCode::kParse,
                  fmt::format("{} is not an address; write ip:port, for example 127.0.0.1:9797", Quoted(text))};
  if (colon == std::string_view::npos) return bad;
  Address address;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  address.host = host.empty() ? "0.0.0.0" : std::string(host);
  if (address.host == "localhost") address.host = "127.0.0.1";
  if (!IsIpLiteral(address.host)) return bad;
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (code != std::errc() || stop != end || address.port < 0 || address.port > 65535) return bad;
  return address;
}

std::string FormatAddress(const Address& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", address.host, address.port) : fmt::format("{}:{}", address.host, address.port);
}

std::string ConfigProblems::Render() const {
  std::string out;
  for (const Diagnostic& problem : problems) {
    // Problems of the environment have no place in the file.
    out +=
        problem.position.line > 0 ? RenderDiagnostic(file, text, problem) : fmt::format("error: {}\n", problem.message);
  }
  return out;
}

std::expected<Config, ConfigProblems> LoadConfig(const std::string& file, std::string_view text,
                                                 const Surroundings& surroundings,
                                                 const std::vector<std::string>& known_packs) {
  Config config;
  yaml::Problems problems;
  const auto expand = [&](std::string_view scalar) { return ExpandVariables(scalar, surroundings); };
  auto root = yaml::Parse(text, expand);
  if (!root) {
    return std::unexpected(ConfigProblems{
        file,
        MaskSecrets(text),
        {{.position = root.error().position.value_or(Position{1, 1}), .message = root.error().message}}});
  }
  yaml::MapReader top(*root, "", problems);
  if (root->kind == yaml::Node::Kind::kMap || root->kind == yaml::Node::Kind::kNull) {
    ReadTop(top, file, surroundings, known_packs, config);
    top.Finish();
  }
  config.storage.path =
      config.storage.path.empty() ? DefaultDataPath(surroundings) : ResolvePath(file, config.storage.path);
  ApplyEnvironment(surroundings, config, problems);
  if (config.sampling.instance.empty()) config.sampling.instance = surroundings.hostname;
  if (!problems.empty()) return std::unexpected(ConfigProblems{file, MaskSecrets(text), problems.list()});
  return config;
}

}  // namespace tickbird::config
