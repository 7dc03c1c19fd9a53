#include "notifiers/channels/slack/slack.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/base/strings.h"
#include "notifiers/channels/http_settings.h"
#include "notifiers/channels/known_fields.h"
#include "notifiers/channels/slack/payload.h"
#include "notifiers/channels/spec_reader.h"

namespace tickbird::notify {
namespace {

constexpr std::array<std::string_view, 8> kFields = {"api_url",  "api_url_file", "url",      "channel",
                                                     "username", "icon_emoji",   "icon_url", "send_resolved"};
constexpr std::array<std::string_view, 25> kUnsupported = {
    "app_token",      "app_token_file", "app_url",      "title",     "title_link",   "text",       "pretext",
    "fallback",       "color",          "fields",       "actions",   "fields.",      "actions.",   "footer",
    "image_url",      "thumb_url",      "message_text", "mrkdwn_in", "short_fields", "link_names", "callback_id",
    "update_message", "blocks",         "thread_ts",    "mrkdwn_in."};

/// A 200 is only a success with Slack's own word for it: proxies and login pages answer 200 too.
SendOutcome InterpretSlack(const Result<OutgoingResponse>& answer, TimestampMs now,
                           std::span<const std::string> secrets) {
  SendOutcome outcome = InterpretAnswer(answer, now, secrets);
  if (outcome.result == SendOutcome::Result::kDelivered && Trim(answer->body) != "ok") {
    return SendOutcome::Final(FailureReason::kClientError,
                              "the answer is not Slack's \"ok\": is the URL that of an incoming webhook?");
  }
  return outcome;
}

class Slack final : public Channel {
 public:
  Slack(const ChannelDeps& deps, SpecReader& reader)
      : http_(deps.http), fs_(deps.fs), external_url_(deps.external_url) {
    url_ = reader.SecretText("api_url");
    if (reader.Has("url")) {
      if (!url_.empty()) reader.Complain("url", "\"url\" and \"api_url\" exclude each other");
      url_.value = reader.RequiredText("url");
    }
    if (url_.empty()) reader.RequiredText("api_url");
    if (!url_.value.empty()) reader.CheckUrl(reader.Has("url") ? "url" : "api_url", url_.value);
    look_ = {reader.Text("channel"), reader.Text("username"), reader.Text("icon_emoji"), reader.Text("icon_url")};
    send_resolved_ = reader.Bool("send_resolved", true);
    settings_ = ReadHttpSettings(reader);
  }

  void Send(const Parcel& parcel, TimestampMs now, Done done) override {
    std::vector<std::string> secrets;
    Result<OutgoingRequest> request = BuildRequest(parcel, secrets);
    if (!request) return done(SendOutcome::Retry(FailureReason::kOther, Redact(request.error().message, secrets)));
    http_.Send(std::move(*request), [now, secrets = std::move(secrets), done = std::move(done)](const auto& answer) {
      done(InterpretSlack(answer, now, secrets));
    });
  }

  bool send_resolved() const override { return send_resolved_; }

 private:
  Result<OutgoingRequest> BuildRequest(const Parcel& parcel, std::vector<std::string>& secrets) const {
    OutgoingRequest request;
    request.method = "POST";
    TICKBIRD_ASSIGN_OR_RETURN(request.url, url_.Read(fs_));
    AppendUrlSecrets(request.url, secrets);
    if (!IsHttpUrl(request.url)) return Error{ErrorCode::kInvalidArgument, "api_url_file holds no http or https URL"};
    request.body = BuildSlackPayload(parcel.messages, look_, external_url_);
    request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "Tickbird"}};
    TICKBIRD_RETURN_IF_ERROR(settings_.Apply(request, fs_, secrets));
    return request;
  }

  HttpClient& http_;
  Fs& fs_;
  std::string external_url_;
  Secret url_;
  SlackLook look_;
  bool send_resolved_ = true;
  HttpSettings settings_;
};

}  // namespace

Result<std::unique_ptr<Channel>> CreateSlack(const ReceiverSpec& spec, const ChannelDeps& deps) {
  const auto known = Joined(kFields, HttpConfigFields());
  const auto unsupported = Joined(kUnsupported, UnsupportedHttpConfigFields());
  SpecReader reader(spec, known, unsupported);
  auto channel = std::make_unique<Slack>(deps, reader);
  TICKBIRD_RETURN_IF_ERROR(reader.Finish());
  return Result<std::unique_ptr<Channel>>(std::move(channel));
}

}  // namespace tickbird::notify
