#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/result.h"
#include "core/base/source_text.h"
#include "core/model/receiver_spec.h"

namespace tickbird::config {

struct Address {
  std::string host;  ///< An IP address; names are not looked up.
  int port = 0;      ///< 0: any free one.
  friend bool operator==(const Address&, const Address&) = default;
};

struct StorageConfig {
  std::string path;  ///< Data directory; relative to the configuration file.
  DurationMs retention_time = 24 * kHourMs;
  std::int64_t retention_bytes = std::int64_t{512} << 20;  ///< On disk; 0: no limit.
  DurationMs block_range = 30 * kMinuteMs;                 ///< Of the shortest blocks; about 1.5 of it are in the head.
  std::int64_t memory_bytes = std::int64_t{256} << 20;     ///< Of the store: series, samples, indexes, caches.
  DurationMs out_of_order_window = 30 * kSecondMs;         ///< 0: late samples are refused.
  std::int64_t max_exemplars = 10'000;                     ///< 0: none are kept.
  DurationMs wal_sync_interval = kSecondMs;                ///< What a power cut may cost.

  friend bool operator==(const StorageConfig&, const StorageConfig&) = default;
};

struct SamplingConfig {
  DurationMs interval = kSecondMs;
  std::vector<std::string> collectors;  ///< Empty: all.
  std::string procfs = "/proc";
  std::string sysfs = "/sys";
  std::string cgroupfs = "/sys/fs/cgroup";
  std::string rootfs = "/";
  std::vector<std::string> processes;  ///< Names of process groups to watch besides ourselves.
  std::string job = "node";
  std::string instance;  ///< Empty: the host's name.
};

struct StatsdConfig {
  std::optional<Address> udp = Address{"127.0.0.1", 8125};
  std::vector<double> buckets;  ///< Seconds, rising; empty: the built-in ones.
};

struct HealthCheckConfig {
  std::string name;
  std::string url;                                 ///< http or https; empty: tcp is set.
  std::optional<std::pair<std::string, int>> tcp;  ///< Host and port.
  std::int64_t expected_status = 0;                ///< 0: any 2xx.
  DurationMs interval = 15 * kSecondMs;
  DurationMs timeout = 5 * kSecondMs;
  bool critical = false;
};

struct LimitsConfig {
  std::int64_t max_series = 100'000;
  std::int64_t max_connections = 512;
  std::int64_t max_body_bytes = std::int64_t{1} << 20;
  DurationMs request_timeout = 30 * kSecondMs;
  std::int64_t max_query_samples = 50'000'000;
  std::int64_t max_dashboard_streams = 64;
};

struct Config {
  Address listen = {"127.0.0.1", 9797};
  std::string external_url;  ///< Empty: http://<listen>.
  StorageConfig storage;
  SamplingConfig sampling;
  StatsdConfig statsd;
  std::vector<std::string> rule_packs = {"host", "app", "database", "cache", "health", "self"};
  std::vector<std::string> rule_files;  ///< Globs, made absolute.
  std::vector<HealthCheckConfig> health_checks;
  std::vector<ReceiverSpec> receivers;
  std::string default_receiver;  ///< `route: { receiver: x }`; empty: every receiver.
  LimitsConfig limits;
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kLogfmt;
  DurationMs shutdown_grace = 10 * kSecondMs;
};

/// What a process has around it; tests hand in their own.
struct Surroundings {
  std::function<std::optional<std::string>(std::string_view name)> variable;
  std::function<Result<std::string>(const std::string& path)> read_file;
  std::string hostname;
};
Surroundings RealSurroundings();

/// What is wrong with a configuration; at least one problem. `text` is the file's with secrets starred out, for
/// rendering.
struct ConfigProblems {
  std::string file;
  std::string text;
  std::vector<Diagnostic> problems;
  /// All problems as a compiler prints them.
  std::string Render() const;
};

/// Reads a configuration. `file` is its path: relative paths inside start at its folder. TICKBIRD_* variables override.
/// Names of rule packs must be among `known_packs`.
std::expected<Config, ConfigProblems> LoadConfig(const std::string& file, std::string_view text,
                                                 const Surroundings& surroundings,
                                                 const std::vector<std::string>& known_packs);

/// The configuration of a start without a file: this host, all packs, alerts to a log file; TICKBIRD_* variables apply.
std::expected<Config, ConfigProblems> DefaultConfig(const Surroundings& surroundings,
                                                    const std::vector<std::string>& known_packs);

/// "127.0.0.1:9797", ":9797" (all addresses), "[::1]:80". kParse.
Result<Address> ParseAddress(std::string_view text);
std::string FormatAddress(const Address& address);

}  // namespace tickbird::config
