#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

#include "agent/net/curl_transfer.h"
#include "core/base/strings.h"

namespace tickbird::net {
namespace {

constexpr std::size_t kMaxReplyBytes = 300;

bool IsLoopback(std::string_view host) {
  if (EqualsIgnoreCase(host, "localhost") || host == "::1" || host == "[::1]") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// Nothing that could end the command and begin another one.
bool IsBareAddress(std::string_view address) {
  return std::none_of(address.begin(), address.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '<' || c == '>' || c == 0x7f; });
}

/// The EHLO name travels in the path of the URL.
bool IsHelloName(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == '[' || c == ']' || c == ':';
  });
}

int ReplyCode(std::string_view line) {
  if (line.size() < 3 ||
      !std::all_of(line.begin(), line.begin() + 3, [](unsigned char c) { return std::isdigit(c) != 0; }))
    return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/// Follows the dialogue: libcurl itself tells neither which recipients were refused nor what the server said.
class SmtpDialogue {
 public:
  explicit SmtpDialogue(const std::vector<std::string>& recipients) : recipients_(recipients) {}

  void OnCommand(std::string_view command) {
    is_rcpt_ = command.starts_with("RCPT ");
    is_quit_ = command.starts_with("QUIT");
  }

  void OnReply(std::string_view text) {
    while (!text.empty()) {
      const std::string_view line = Trim(TakeUntil(text, '\n'));
      const int code = ReplyCode(line);
      const bool is_last_line = line.size() <= 3 || line[3] != '-';
      if (code == 0 || !is_last_line || is_quit_) continue;
      reply_code_ = code;
      reply_ = line.substr(0, kMaxReplyBytes);
      if (is_rcpt_) NoteRecipient(code);
    }
  }

  int reply_code() const { return reply_code_; }
  const std::string& reply() const { return reply_; }
  const std::vector<std::string>& refused() const { return refused_; }
  bool refused_for_now() const { return refused_for_now_; }
  void Restart() { next_recipient_ = 0, refused_.clear(); }

 private:
  void NoteRecipient(int code) {
    is_rcpt_ = false;
    if (next_recipient_ >= recipients_.size()) return;
    const std::string& recipient = recipients_[next_recipient_++];
    if (code < 400) return;
    refused_.push_back(recipient);
    refused_for_now_ = refused_for_now_ || code < 500;
  }

  const std::vector<std::string>& recipients_;
  std::size_t next_recipient_ = 0;
  std::vector<std::string> refused_;
  bool refused_for_now_ = false;
  bool is_rcpt_ = false;
  bool is_quit_ = false;
  int reply_code_ = 0;
  std::string reply_;
};

class MailTransfer final : public CurlTransfer {
 public:
  MailTransfer(OutgoingMail mail, MailResult done)
      : mail_(std::move(mail)), done_(std::move(done)), dialogue_(mail_.recipients) {
    timeout = mail_.timeout;
  }

  Status Plan(const CurlApi& api) override {
    const auto invalid = [](const char* text) { return Error{ErrorCode::kInvalidArgument, text}; };
    if (mail_.recipients.empty()) return invalid("the mail has no recipient");
    if (!IsBareAddress(mail_.from)) return invalid("the sender is not a bare address");
    for (const std::string& recipient : mail_.recipients) {
      if (recipient.empty() || !IsBareAddress(recipient)) return invalid("a recipient is not a bare address");
    }
    if (!IsHelloName(mail_.hello)) return invalid("the EHLO name is not a host name");
    const bool has_colon = mail_.host.find(':') != std::string::npos && !mail_.host.starts_with('[');
    const std::string authority = (has_colon ? '[' + mail_.host + ']' : mail_.host) + ':' + std::to_string(mail_.port);
    const char* scheme = mail_.encryption == OutgoingMail::Encryption::kImplicitTls ? "smtps://" : "smtp://";
    TICKBIRD_ASSIGN_OR_RETURN(url_, ParseCurlUrl(api, scheme + authority + '/' + mail_.hello, mail_.tls.server_name));
    if (url_.has_credentials) return invalid("the mail server is not a host name");
    if (mail_.encryption == OutgoingMail::Encryption::kNone && !mail_.username.empty() && !IsLoopback(mail_.host)) {
      return Error{
          ErrorCode::kPermissionDenied,
          "a password is not sent unencrypted: use STARTTLS or TLS, or no user name (server " + authority + ")"};
    }
    label = authority;
    host_key = scheme + authority;
    return {};
  }

  Status Prepare(CurlEasy& handle) override {
    handle.Set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    handle.Set(CURLOPT_URL, url_.url);
    if (!url_.connect_to.empty()) handle.SetList(CURLOPT_CONNECT_TO, {url_.connect_to});
    const bool is_plain = mail_.encryption == OutgoingMail::Encryption::kNone;
    handle.Set(CURLOPT_USE_SSL, static_cast<long>(is_plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    ApplyTls(handle, mail_.tls);
    if (!mail_.username.empty()) {
      handle.Set(CURLOPT_USERNAME, mail_.username);
      handle.Set(CURLOPT_PASSWORD, mail_.password);
      handle.Set(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
    }
    handle.Set(CURLOPT_MAIL_FROM, mail_.from);
    handle.SetList(CURLOPT_MAIL_RCPT, mail_.recipients);
    handle.Set(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    handle.Set(CURLOPT_UPLOAD, 1L);
    handle.SetLarge(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail_.message.size()));
    handle.SetPointer(CURLOPT_READDATA, this);
    handle.SetFunction(CURLOPT_READFUNCTION, &OnRead);
    handle.SetPointer(CURLOPT_SEEKDATA, this);
    handle.SetFunction(CURLOPT_SEEKFUNCTION, &OnSeek);
    handle.SetPointer(CURLOPT_WRITEDATA, this);
    handle.SetFunction(CURLOPT_WRITEFUNCTION, &OnIgnored);
    // The only way to see the replies one by one. Passwords pass through here too; only RCPT and QUIT are looked at.
    handle.SetPointer(CURLOPT_DEBUGDATA, this);
    handle.SetFunction(CURLOPT_DEBUGFUNCTION, &OnDialogue);
    handle.Set(CURLOPT_VERBOSE, 1L);
    return handle.status();
  }

  void Finish(CurlEasy& handle, CURLcode code) override {
    if (code == CURLE_OK) {
      done_(MailClient::Outcome{dialogue_.refused(), dialogue_.reply()});
      return;
    }
    const int reply = dialogue_.reply_code();
    if (reply < 400 || code == CURLE_OPERATION_TIMEDOUT) {
      Fail(ErrorFor(handle.api(), code));
      return;
    }
    const bool is_temporary = reply < 500 || dialogue_.refused_for_now();
    ErrorCode reason = code == CURLE_LOGIN_DENIED ? ErrorCode::kPermissionDenied : ErrorCode::kInvalidArgument;
    if (is_temporary) reason = ErrorCode::kUnavailable;
    Fail({reason, label + ": the server answered " + Quoted(dialogue_.reply())});
  }

  void Fail(Error error) override { done_(std::move(error)); }

  std::size_t bytes() const override { return mail_.message.size() + 1024; }

 private:
  static std::size_t OnRead(char* out, std::size_t size, std::size_t count, void* self_pointer) {
    auto* self = static_cast<MailTransfer*>(self_pointer);
    const std::size_t bytes = std::min(size * count, self->mail_.message.size() - self->offset_);
    std::memcpy(out, self->mail_.message.data() + self->offset_, bytes);
    self->offset_ += bytes;
    return bytes;
  }

  /// A kept connection that turned out dead is replaced, and the dialogue begins again.
  static int OnSeek(void* self_pointer, curl_off_t offset, int origin) {
    auto* self = static_cast<MailTransfer*>(self_pointer);
    if (origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_CANTSEEK;
    self->offset_ = 0;
    return CURL_SEEKFUNC_OK;
  }

  static std::size_t OnIgnored(char*, std::size_t, std::size_t size, void*) { return size; }

  static int OnDialogue(CURL*, curl_infotype type, char* data, std::size_t size, void* self_pointer) {
    auto* self = static_cast<MailTransfer*>(self_pointer);
    const std::string_view text(data, size);
    if (type == CURLINFO_HEADER_OUT) {
      if (text.starts_with("MAIL ")) self->dialogue_.Restart();
      self->dialogue_.OnCommand(text);
    }
    if (type == CURLINFO_HEADER_IN) self->dialogue_.OnReply(text);
    return 0;
  }

  const OutgoingMail mail_;
  const MailResult done_;
  SmtpDialogue dialogue_;
  CurlUrl url_;
  std::size_t offset_ = 0;
};

}  // namespace

std::unique_ptr<CurlTransfer> MakeMailTransfer(OutgoingMail mail, MailResult done) {
  return std::make_unique<MailTransfer>(std::move(mail), std::move(done));
}

}  // namespace tickbird::net
