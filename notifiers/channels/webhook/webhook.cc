#include "notifiers/channels/webhook/webhook.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "notifiers/channels/http_settings.h"
#include "notifiers/channels/known_fields.h"
#include "notifiers/channels/spec_reader.h"
#include "notifiers/channels/webhook/body.h"

namespace tickbird::notify {
namespace {

constexpr std::array<std::string_view, 6> kFields = {"url",         "url_file",   "secret",
                                                     "secret_file", "max_alerts", "send_resolved"};
constexpr std::array<std::string_view, 1> kUnsupported = {"payload"};

class Webhook final : public Channel {
 public:
  Webhook(const ReceiverSpec& spec, const ChannelDeps& deps, SpecReader& reader)
      : http_(deps.http), fs_(deps.fs), receiver_(spec.name), external_url_(deps.external_url) {
    url_ = reader.SecretText("url");
    if (url_.empty()) reader.RequiredText("url");
    if (!url_.value.empty()) reader.CheckUrl("url", url_.value);
    secret_ = reader.SecretText("secret");
    max_alerts_ = static_cast<std::size_t>(reader.Int("max_alerts", 0));
    send_resolved_ = reader.Bool("send_resolved", true);
    settings_ = ReadHttpSettings(reader);
  }

  void Send(const Parcel& parcel, TimestampMs now, Done done) override {
    std::vector<std::string> secrets;
    Result<OutgoingRequest> request = BuildRequest(parcel, now, secrets);
    if (!request) return done(SendOutcome::Retry(FailureReason::kOther, Redact(request.error().message, secrets)));
    http_.Send(std::move(*request), [now, secrets = std::move(secrets), done = std::move(done)](const auto& answer) {
      done(InterpretAnswer(answer, now, secrets));
    });
  }

  bool send_resolved() const override { return send_resolved_; }

 private:
  Result<OutgoingRequest> BuildRequest(const Parcel& parcel, TimestampMs now, std::vector<std::string>& secrets) const {
    OutgoingRequest request;
    request.method = "POST";
    TICKBIRD_ASSIGN_OR_RETURN(request.url, url_.Read(fs_));
    AppendUrlSecrets(request.url, secrets);
    if (!IsHttpUrl(request.url)) return Error{ErrorCode::kInvalidArgument, "url_file holds no http or https URL"};
    request.body = BuildWebhookBody(parcel.messages, receiver_, external_url_, max_alerts_);
    const std::int64_t seconds = now / kSecondMs;
    request.headers = {{"Content-Type", "application/json"},
                       {"User-Agent", "Tickbird"},
                       {"webhook-id", parcel.key},
                       {"webhook-timestamp", std::to_string(seconds)}};
    TICKBIRD_ASSIGN_OR_RETURN(std::string secret, secret_.Read(fs_));
    if (!secret.empty())
      request.headers.emplace_back("webhook-signature", SignWebhook(secret, parcel.key, seconds, request.body));
    secrets.push_back(std::move(secret));
    TICKBIRD_RETURN_IF_ERROR(settings_.Apply(request, fs_, secrets));
    return request;
  }

  HttpClient& http_;
  Fs& fs_;
  std::string receiver_;
  std::string external_url_;
  Secret url_;
  Secret secret_;
  std::size_t max_alerts_ = 0;
  bool send_resolved_ = true;
  HttpSettings settings_;
};

}  // namespace

Result<std::unique_ptr<Channel>> CreateWebhook(const ReceiverSpec& spec, const ChannelDeps& deps) {
  const auto known = Joined(kFields, HttpConfigFields());
  const auto unsupported = Joined(kUnsupported, UnsupportedHttpConfigFields());
  SpecReader reader(spec, known, unsupported);
  auto channel = std::make_unique<Webhook>(spec, deps, reader);
  TICKBIRD_RETURN_IF_ERROR(reader.Finish());
  return Result<std::unique_ptr<Channel>>(std::move(channel));
}

}  // namespace tickbird::notify
