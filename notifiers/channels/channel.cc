#include "notifiers/channels/channel.h"

#include <array>
#include <string_view>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "notifiers/channels/email/email.h"
#include "notifiers/channels/log_file/log_file.h"
#include "notifiers/channels/slack/slack.h"
#include "notifiers/channels/webhook/webhook.h"

namespace tickbird::notify {
namespace {

struct Kind {
  std::string_view name;
  Result<std::unique_ptr<Channel>> (*create)(const ReceiverSpec&, const ChannelDeps&);
};

constexpr std::array<Kind, 4> kKinds = {
    {{"email", CreateEmail}, {"webhook", CreateWebhook}, {"slack", CreateSlack}, {"log", CreateLogFile}}};

/// Alertmanager's other kinds: known, but not sent to by this version.
constexpr std::array<std::string_view, 15> kUnsupportedKinds = {
    "discord",  "incidentio", "jira", "mattermost", "msteams",   "msteamsv2", "opsgenie", "pagerduty",
    "pushover", "rocketchat", "sns",  "telegram",   "victorops", "webex",     "wechat"};

Error At(const ReceiverSpec& spec, ErrorCode code, std::string message) {
  Error error{code, fmt::format("receiver \"{}\": {}", spec.name, message), std::nullopt};
  if (spec.position.line > 0) error.position = spec.position;
  return error;
}

}  // namespace

Result<std::unique_ptr<Channel>> CreateChannel(const ReceiverSpec& spec, const ChannelDeps& deps) {
  if (spec.limit && (spec.limit->count < 1 || spec.limit->count > 10'000 || spec.limit->per < kSecondMs)) {
    return At(spec, ErrorCode::kInvalidArgument, "a limit is 1 to 10000 messages per at least 1s");
  }
  std::vector<std::string_view> names;
  for (const Kind& kind : kKinds) {
    if (kind.name == spec.kind) return kind.create(spec, deps);
    names.push_back(kind.name);
  }
  for (const std::string_view kind : kUnsupportedKinds) {
    if (kind == spec.kind)
      return At(spec, ErrorCode::kUnsupported, fmt::format("kind \"{}\" is not supported yet", spec.kind));
  }
  return At(spec, ErrorCode::kInvalidArgument,
            fmt::format("unknown kind \"{}\"{}; known are email, webhook, slack and log", spec.kind,
                        DidYouMean(spec.kind, names)));
}

}  // namespace tickbird::notify
