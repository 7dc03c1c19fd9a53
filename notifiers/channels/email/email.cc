#include "notifiers/channels/email/email.h"

#include <array>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "notifiers/channels/email/mail.h"
#include "notifiers/channels/email/mime.h"
#include "notifiers/channels/http_settings.h"
#include "notifiers/channels/spec_reader.h"

namespace tickbird::notify {
namespace {

constexpr std::array<std::string_view, 17> kFields = {"to",
                                                      "from",
                                                      "smarthost",
                                                      "hello",
                                                      "auth_username",
                                                      "auth_password",
                                                      "auth_password_file",
                                                      "auth_identity",
                                                      "require_tls",
                                                      "force_implicit_tls",
                                                      "tls_config.ca_file",
                                                      "tls_config.insecure_skip_verify",
                                                      "tls_config.server_name",
                                                      "headers.",
                                                      "threading.enabled",
                                                      "timeout",
                                                      "send_resolved"};
constexpr std::array<std::string_view, 11> kUnsupported = {"html",
                                                           "text",
                                                           "auth_secret",
                                                           "auth_secret_file",
                                                           "threading.thread_by_date",
                                                           "tls_config.ca",
                                                           "tls_config.cert_file",
                                                           "tls_config.key_file",
                                                           "tls_config.min_version",
                                                           "tls_config.max_version",
                                                           "tls_config.cert"};

struct Server {
  std::string host;
  int port = 25;
};

/// "host:port", "[::1]:25".
std::optional<Server> ParseSmarthost(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  Server server;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view port = text.substr(colon + 1);
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), server.port);
  if (code != std::errc() || end != port.data() + port.size() || server.port < 1 || server.port > 65535)
    return std::nullopt;
  if (host.empty() || host.find_first_of(" \t\r\n/@") != std::string_view::npos) return std::nullopt;
  server.host = host;
  return server;
}

bool IsLoopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

SendOutcome InterpretReply(const Result<MailClient::Outcome>& reply, std::span<const std::string> secrets) {
  if (reply) {
    std::string note;
    for (const std::string& address : reply->refused) note += (note.empty() ? "refused for " : ", ") + address;
    return SendOutcome::Delivered(std::move(note));
  }
  std::string text = Redact(reply.error().message, secrets);
  switch (reply.error().code) {
    case ErrorCode::kTimeout:
      return SendOutcome::Retry(FailureReason::kContextDeadlineExceeded, std::move(text));
    case ErrorCode::kCancelled:
      return SendOutcome::Retry(FailureReason::kContextCanceled, std::move(text));
    case ErrorCode::kPermissionDenied:
      return SendOutcome::Final(FailureReason::kAuthError, std::move(text));
    case ErrorCode::kInvalidArgument:
      return SendOutcome::Final(FailureReason::kClientError, std::move(text));
    default:
      return SendOutcome::Retry(FailureReason::kOther, std::move(text));
  }
}

class Email final : public Channel {
 public:
  Email(const ChannelDeps& deps, SpecReader& reader) : mail_(deps.mail), fs_(deps.fs) {
    look_.hostname = deps.hostname;
    look_.external_url = deps.external_url;
    ReadAddresses(reader);
    ReadServer(reader);
    ReadHeaders(reader);
    send_resolved_ = reader.Bool("send_resolved", true);
    if (!reader.Bool("threading.enabled", true)) {
      reader.Complain("threading.enabled",
                      "mails of one incident always form a thread: \"threading.enabled false\" is not supported",
                      ErrorCode::kUnsupported);
    }
  }

  void Send(const Parcel& parcel, TimestampMs, Done done) override {
    Result<std::string> password = password_.Read(fs_);
    if (!password) return done(SendOutcome::Retry(FailureReason::kOther, password.error().message));
    OutgoingMail mail = envelope_;
    mail.password = *password;
    mail.message = BuildMail(parcel, look_);
    std::vector<std::string> secrets{std::move(*password)};
    mail_.Send(std::move(mail), [secrets = std::move(secrets), done = std::move(done)](const auto& reply) {
      done(InterpretReply(reply, secrets));
    });
  }

  bool send_resolved() const override { return send_resolved_; }

 private:
  void ReadAddresses(SpecReader& reader) {
    for (const std::string& address : SplitAddresses(reader.RequiredText("to"))) {
      if (std::optional<std::string> bare = BareAddress(address)) {
        envelope_.recipients.push_back(std::move(*bare));
      } else {
        reader.Complain("to", "\"to\" is not a list of addresses as ann@example.org, with commas in between");
      }
      look_.to += (look_.to.empty() ? "" : ", ") + address;
    }
    look_.from = reader.Text("from", fmt::format("Tickbird <tickbird@{}>",
                                                 look_.hostname.empty() ? "localhost" : SafeToken(look_.hostname)));
    if (std::optional<std::string> bare = BareAddress(look_.from)) {
      envelope_.from = std::move(*bare);
    } else {
      reader.Complain("from", "\"from\" is not an address as tickbird@example.org");
    }
  }

  void ReadServer(SpecReader& reader) {
    const std::optional<Server> server = ParseSmarthost(reader.Text("smarthost", "localhost:25"));
    if (!server) return reader.Complain("smarthost", "\"smarthost\" is not host:port, as smtp.example.org:587");
    envelope_.host = server->host;
    envelope_.port = server->port;
    envelope_.hello = reader.Text("hello");
    if (!IsOneLine(envelope_.hello)) reader.Complain("hello", "\"hello\" is not one line of text");
    envelope_.tls = reader.Tls("tls_config.");
    envelope_.timeout = reader.Duration("timeout", 30 * kSecondMs);
    envelope_.username = reader.Text("auth_username");
    password_ = reader.SecretText("auth_password");
    if (envelope_.username.empty() && !password_.empty())
      reader.Complain("auth_password", "a password needs \"auth_username\" too");
    if (!reader.Text("auth_identity").empty() && reader.Text("auth_identity") != envelope_.username) {
      reader.Complain("auth_identity", "an identity other than auth_username is not supported yet",
                      ErrorCode::kUnsupported);
    }
    const bool implicit = reader.Bool("force_implicit_tls", envelope_.port == 465);
    const bool starttls = reader.Bool("require_tls", !IsLoopback(envelope_.host));
    envelope_.encryption = implicit   ? OutgoingMail::Encryption::kImplicitTls
                           : starttls ? OutgoingMail::Encryption::kStartTls
                                      : OutgoingMail::Encryption::kNone;
    if (envelope_.encryption == OutgoingMail::Encryption::kNone && !password_.empty() && !IsLoopback(envelope_.host)) {
      reader.Complain("require_tls", "a password is never sent without TLS: take out \"require_tls false\"");
    }
  }

  void ReadHeaders(SpecReader& reader) {
    look_.headers = reader.Map("headers.");
    for (const auto& [name, value] : look_.headers) {
      const std::string field = "headers." + name;
      if (name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") !=
          std::string::npos) {
        reader.Complain(field, "a header's name is letters, digits and '-'");
      } else if (IsReservedMailHeader(name)) {
        reader.Complain(field, fmt::format("the header \"{}\" is written by Tickbird and cannot be set", name));
      } else if (value.find("{{") != std::string::npos) {
        reader.Complain(field, "templates in headers are not supported yet", ErrorCode::kUnsupported);
      } else if (!IsOneLine(value)) {
        reader.Complain(field, "a header is one line of text");
      }
    }
  }

  MailClient& mail_;
  Fs& fs_;
  OutgoingMail envelope_;  // without password and message
  MailLook look_;
  Secret password_;
  bool send_resolved_ = true;
};

}  // namespace

Result<std::unique_ptr<Channel>> CreateEmail(const ReceiverSpec& spec, const ChannelDeps& deps) {
  SpecReader reader(spec, kFields, kUnsupported);
  auto channel = std::make_unique<Email>(deps, reader);
  TICKBIRD_RETURN_IF_ERROR(reader.Finish());
  return Result<std::unique_ptr<Channel>>(std::move(channel));
}

}  // namespace tickbird::notify
