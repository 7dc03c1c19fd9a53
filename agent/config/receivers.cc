#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "agent/config/sections.h"
#include "core/base/strings.h"

namespace tickbird::config {
namespace {

struct Integration {
  std::string_view key;
  std::string_view kind;
};
constexpr std::array<Integration, 4> kIntegrations = {
    {{"email_configs", "email"}, {"webhook_configs", "webhook"}, {"slack_configs", "slack"}, {"log_configs", "log"}}};
/// Alertmanager's other integrations: known, so that the error can say more than "unknown key".
constexpr std::array<std::string_view, 14> kOtherIntegrations = {
    "discord_configs",   "incidentio_configs", "jira_configs",      "mattermost_configs", "msteams_configs",
    "msteamsv2_configs", "opsgenie_configs",   "pagerduty_configs", "pushover_configs",   "rocketchat_configs",
    "sns_configs",       "telegram_configs",   "victorops_configs", "webex_configs"};

/// A `global:` key and the field that it is the default of.
struct GlobalDefault {
  std::string_view key;
  std::string_view kind;
  std::string_view field;
};
constexpr std::array<GlobalDefault, 9> kGlobalDefaults = {{{"smtp_smarthost", "email", "smarthost"},
                                                           {"smtp_from", "email", "from"},
                                                           {"smtp_hello", "email", "hello"},
                                                           {"smtp_auth_username", "email", "auth_username"},
                                                           {"smtp_auth_password", "email", "auth_password"},
                                                           {"smtp_auth_password_file", "email", "auth_password_file"},
                                                           {"smtp_auth_identity", "email", "auth_identity"},
                                                           {"smtp_require_tls", "email", "require_tls"},
                                                           {"slack_api_url", "slack", "api_url"}}};

/// Paths that TLS needs as paths; every other *_file holds a secret that takes the place of the field without the
/// suffix.
bool IsSecretFile(std::string_view name) {
  return name.ends_with("_file") && !name.ends_with("ca_file") && !name.ends_with("cert_file") &&
         !name.ends_with("key_file");
}

class ReceiverReader {
 public:
  ReceiverReader(const std::string& file, const Surroundings& surroundings, yaml::Problems& problems)
      : file_(file), surroundings_(surroundings), problems_(problems) {}

  void ReadGlobal(yaml::MapReader& global) {
    for (const GlobalDefault& known : kGlobalDefaults) {
      global.Any(known.key,
                 [&](const yaml::Node& node) { defaults_.push_back({known.kind, Scalar(known.field, node)}); });
    }
  }

  void ReadReceiver(const yaml::Node& node, std::vector<ReceiverSpec>& receivers) {
    yaml::MapReader reader(node, "receiver", problems_);
    std::string name;
    reader.String("name", &name);
    if (name.empty()) problems_.Add(node, "a receiver needs a name");
    const bool taken =
        std::any_of(receivers.begin(), receivers.end(), [&](const ReceiverSpec& r) { return r.name == name; });
    if (taken && !name.empty()) problems_.Add(*reader.Find("name"), fmt::format("duplicate receiver {}", Quoted(name)));
    for (const Integration& integration : kIntegrations) {
      reader.List(integration.key,
                  [&](const yaml::Node& item) { receivers.push_back(ReadIntegration(name, integration.kind, item)); });
    }
    for (const std::string_view key : kOtherIntegrations) reader.Unsupported(key, "email, webhook, slack and log are");
    reader.Finish();
  }

 private:
  ReceiverSpec ReadIntegration(const std::string& name, std::string_view kind, const yaml::Node& node) {
    ReceiverSpec spec{.name = name, .kind = std::string(kind), .file = file_, .position = node.position};
    if (node.kind != yaml::Node::Kind::kMap && node.kind != yaml::Node::Kind::kNull) {
      problems_.Add(node, fmt::format("{} settings must be a mapping, not {}", kind, yaml::KindName(node)));
      return spec;
    }
    Flatten("", node, spec.fields);
    for (const auto& [for_kind, field] : defaults_) {
      const bool set = std::any_of(spec.fields.begin(), spec.fields.end(),
                                   [&](const ReceiverField& f) { return f.name == field.name; });
      if (for_kind == kind && !set) spec.fields.push_back(field);
    }
    return spec;
  }

  void Flatten(const std::string& prefix, const yaml::Node& node, std::vector<ReceiverField>& fields) {
    for (const yaml::Node::Entry& entry : node.entries) {
      const std::string name = prefix + entry.key;
      if (entry.value.kind == yaml::Node::Kind::kMap) {
        Flatten(name + ".", entry.value, fields);
      } else if (entry.value.kind == yaml::Node::Kind::kSequence) {
        problems_.Add(entry.value, fmt::format("{} must be a single value, not a list", name));
      } else if (entry.value.kind == yaml::Node::Kind::kScalar) {
        fields.push_back(Scalar(name, entry.value));
      }
    }
  }

  /// The field as it is, or with the content of the file when it names a secret's file.
  ReceiverField Scalar(std::string_view name, const yaml::Node& node) {
    ReceiverField field{std::string(name), node.text, node.position};
    if (node.kind != yaml::Node::Kind::kScalar) problems_.Add(node, fmt::format("{} must be a single value", name));
    if (!IsSecretFile(name)) return field;
    auto secret = surroundings_.read_file(ResolvePath(file_, node.text));
    if (!secret) {
      problems_.Add(node, fmt::format("{}: {}", name, secret.error().message));
      return field;
    }
    field.name.resize(field.name.size() - std::string_view("_file").size());
    field.value = Trim(*secret);
    return field;
  }

  const std::string& file_;
  const Surroundings& surroundings_;
  yaml::Problems& problems_;
  std::vector<std::pair<std::string_view, ReceiverField>> defaults_;
};

}  // namespace

void ReadReceivers(yaml::MapReader& top, const std::string& file, const Surroundings& surroundings, Config& config) {
  ReceiverReader reader(file, surroundings, top.problems());
  top.Map("global", [&](yaml::MapReader& global) { reader.ReadGlobal(global); });
  top.List("receivers", [&](const yaml::Node& node) { reader.ReadReceiver(node, config.receivers); });
  top.Map("route", [&](yaml::MapReader& route) {
    route.String("receiver", &config.default_receiver);
    for (const std::string_view key :
         {"routes", "matchers", "match", "match_re", "group_by", "group_wait", "group_interval", "repeat_interval",
          "mute_time_intervals", "active_time_intervals", "continue"}) {
      route.Unsupported(key, "use notify, repeat and escalate clauses in rules");
    }
  });
}

}  // namespace tickbird::config
