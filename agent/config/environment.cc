#include <algorithm>

#include <fmt/core.h>

#include "agent/config/sections.h"
#include "core/base/strings.h"

namespace tickbird::config {
namespace {

bool IsVariableName(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

ReceiverSpec EnvironmentReceiver(std::string name, std::string kind, std::vector<ReceiverField> fields) {
  return {.name = std::move(name), .kind = std::move(kind), .fields = std::move(fields), .file = "environment"};
}

/// TICKBIRD_EMAIL_TO with the server in TICKBIRD_SMTP_*: a receiver "email".
void AddEmailReceiver(const Surroundings& surroundings, Config& config) {
  const auto to = surroundings.variable("TICKBIRD_EMAIL_TO");
  if (!to || to->empty()) return;
  std::vector<ReceiverField> fields = {{"to", *to, {}}};
  const std::pair<const char*, const char*> variables[] = {{"TICKBIRD_SMTP_SMARTHOST", "smarthost"},
                                                           {"TICKBIRD_EMAIL_FROM", "from"},
                                                           {"TICKBIRD_SMTP_USERNAME", "auth_username"},
                                                           {"TICKBIRD_SMTP_PASSWORD", "auth_password"},
                                                           {"TICKBIRD_SMTP_REQUIRE_TLS", "require_tls"}};
  for (const auto& [variable, field] : variables) {
    if (const auto value = surroundings.variable(variable)) fields.push_back({field, *value, {}});
  }
  config.receivers.push_back(EnvironmentReceiver("email", "email", std::move(fields)));
}

/// TICKBIRD_WEBHOOK_URLS: receivers "webhook-1", "webhook-2", ...
void AddWebhookReceivers(const Surroundings& surroundings, Config& config) {
  const auto urls = surroundings.variable("TICKBIRD_WEBHOOK_URLS");
  if (!urls) return;
  int number = 0;
  for (const std::string_view part : Split(*urls, ',')) {
    const std::string_view url = Trim(part);
    if (url.empty()) continue;
    config.receivers.push_back(
        EnvironmentReceiver(fmt::format("webhook-{}", ++number), "webhook", {{"url", std::string(url), {}}}));
  }
}

}  // namespace

Result<std::string> ExpandVariables(std::string_view text, const Surroundings& surroundings) {
  std::string out;
  while (true) {
    const auto dollar = text.find("${");
    if (dollar == std::string_view::npos) return out + std::string(text);
    if (dollar > 0 && text[dollar - 1] == '$') {
      out.append(text.substr(0, dollar - 1)).append("${");
      text.remove_prefix(dollar + 2);
      continue;
    }
    const auto close = text.find('}', dollar);
    if (close == std::string_view::npos)
      return Error{ErrorCode::kInvalidArgument, "\"${\" without a closing \"}\"; write $${ for a literal ${"};
    const std::string_view inside = text.substr(dollar + 2, close - dollar - 2);
    const auto colon = inside.find(":-");
    const std::string_view name = inside.substr(0, colon);
    out += text.substr(0, dollar);
    if (!IsVariableName(name)) {
      out += text.substr(dollar, close - dollar + 1);
    } else if (const auto value = surroundings.variable(name);
               value && (!value->empty() || colon == std::string_view::npos)) {
      out += *value;
    } else if (colon != std::string_view::npos) {
      out += inside.substr(colon + 2);
    } else {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("environment variable {} is not set; give a default with ${{{}:-value}}", name, name)};
    }
    text.remove_prefix(close + 1);
  }
}

void ApplyEnvironment(const Surroundings& surroundings, Config& config, yaml::Problems& problems) {
  const auto complain = [&](std::string_view variable, const Error& error) {
    problems.Add(Position{}, fmt::format("environment variable {}: {}", variable, error.message));
  };
  if (const auto text = surroundings.variable("TICKBIRD_LISTEN")) {
    auto address = ParseAddress(*text);
    if (address) {
      config.listen = *address;
    } else {
      complain("TICKBIRD_LISTEN", address.error());
    }
  }
  if (const auto path = surroundings.variable("TICKBIRD_DATA")) config.storage.path = *path;
  if (const auto level = surroundings.variable("TICKBIRD_LOG_LEVEL")) {
    const std::pair<std::string_view, log::Level> levels[] = {{"debug", log::Level::kDebug},
                                                              {"info", log::Level::kInfo},
                                                              {"warn", log::Level::kWarn},
                                                              {"error", log::Level::kError}};
    const auto* const known =
        std::find_if(std::begin(levels), std::end(levels), [&](const auto& l) { return l.first == *level; });
    if (known != std::end(levels)) {
      config.log_level = known->second;
    } else {
      complain("TICKBIRD_LOG_LEVEL",
               {ErrorCode::kInvalidArgument, fmt::format("{} is none of debug, info, warn, error", Quoted(*level))});
    }
  }
  AddEmailReceiver(surroundings, config);
  AddWebhookReceivers(surroundings, config);
}

}  // namespace tickbird::config
