#include <algorithm>
#include <utility>

#include "agent/net/curl_transfer.h"
#include "core/base/strings.h"

namespace tickbird::net {
namespace {

/// What a peer may send after the cap on the body: read and thrown away to keep the connection, up to here.
constexpr std::size_t kDrainBytes = 256 * 1024;
constexpr std::size_t kMaxHeaderBytes = 64 * 1024;
constexpr long kMaxRedirects = 5;

bool IsToken(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
  return !text.empty() && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool IsFieldValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

class HttpTransfer final : public CurlTransfer {
 public:
  HttpTransfer(OutgoingRequest request, std::string user_agent, HttpResult done)
      : request_(std::move(request)), user_agent_(std::move(user_agent)), done_(std::move(done)) {
    timeout = request_.timeout;
  }

  Status Plan(const CurlApi& api) override {
    if (!IsToken(request_.method)) return Error{ErrorCode::kInvalidArgument, "the HTTP method is not a word"};
    for (const auto& [name, value] : request_.headers) {
      if (!IsToken(name) || !IsFieldValue(value)) {
        return Error{ErrorCode::kInvalidArgument,
                     "header " + Quoted(name.substr(0, 40)) + " has characters that HTTP forbids"};
      }
    }
    TICKBIRD_ASSIGN_OR_RETURN(url_, ParseCurlUrl(api, request_.url, request_.tls.server_name));
    if (url_.scheme != "http" && url_.scheme != "https") {
      return Error{ErrorCode::kInvalidArgument, "only http:// and https:// URLs can be sent to"};
    }
    label = url_.host + ':' + url_.port;
    host_key = url_.scheme + "://" + label;
    return {};
  }

  Status Prepare(CurlEasy& handle) override {
    handle.Set(CURLOPT_PROTOCOLS_STR, "http,https");
    handle.Set(CURLOPT_URL, url_.url);
    if (!url_.connect_to.empty()) handle.SetList(CURLOPT_CONNECT_TO, {url_.connect_to});
    if (request_.follow_redirects) {
      handle.Set(CURLOPT_FOLLOWLOCATION, 1L);
      handle.Set(CURLOPT_MAXREDIRS, kMaxRedirects);
      handle.Set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    }
    if (!request_.basic_auth_user.empty()) {
      handle.Set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      handle.Set(CURLOPT_USERNAME, request_.basic_auth_user);
      handle.Set(CURLOPT_PASSWORD, request_.basic_auth_password);
    }
    ApplyTls(handle, request_.tls);
    SetMethod(handle);
    handle.SetList(CURLOPT_HTTPHEADER, HeaderLines());
    handle.SetPointer(CURLOPT_WRITEDATA, this);
    handle.SetFunction(CURLOPT_WRITEFUNCTION, &OnBody);
    handle.SetPointer(CURLOPT_HEADERDATA, this);
    handle.SetFunction(CURLOPT_HEADERFUNCTION, &OnHeader);
    return handle.status();
  }

  void Finish(CurlEasy& handle, CURLcode code) override {
    // A body that never ends was cut on purpose: the answer is what came before.
    if (code == CURLE_WRITE_ERROR && is_cut_) code = CURLE_OK;
    if (code != CURLE_OK) {
      Fail(ErrorFor(handle.api(), code));
      return;
    }
    response_.status = static_cast<int>(handle.InfoLong(CURLINFO_RESPONSE_CODE));
    response_.total_us = handle.InfoOffset(CURLINFO_TOTAL_TIME_T);
    done_(std::move(response_));
  }

  void Fail(Error error) override { done_(std::move(error)); }

  std::size_t bytes() const override { return request_.url.size() + request_.body.size() + 1024; }

 private:
  void SetMethod(CurlEasy& handle) {
    const std::string& method = request_.method;
    const bool usually_has_body = method == "POST" || method == "PUT" || method == "PATCH";
    if (method == "HEAD") {
      handle.Set(CURLOPT_NOBODY, 1L);
    } else if (usually_has_body || !request_.body.empty()) {
      handle.SetLarge(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      handle.SetPointer(CURLOPT_POSTFIELDS, request_.body.data());
      if (method != "POST") handle.Set(CURLOPT_CUSTOMREQUEST, method);
    } else if (method != "GET") {
      handle.Set(CURLOPT_CUSTOMREQUEST, method);
    }
  }

  bool HasHeader(std::string_view name) const {
    return std::any_of(request_.headers.begin(), request_.headers.end(),
                       [&](const auto& header) { return EqualsIgnoreCase(header.first, name); });
  }

  std::vector<std::string> HeaderLines() const {
    std::vector<std::string> lines;
    // "Name;" is libcurl's spelling of a header without a value, "Name:" takes one of its own away.
    for (const auto& [name, value] : request_.headers)
      lines.push_back(value.empty() ? name + ';' : name + ": " + value);
    if (!HasHeader("expect")) lines.emplace_back("Expect:");
    if (!HasHeader("content-type")) lines.emplace_back("Content-Type:");
    if (!HasHeader("user-agent")) lines.push_back("User-Agent: " + user_agent_);
    if (!url_.connect_to.empty() && !HasHeader("host")) lines.push_back("Host: " + label);
    return lines;
  }

  static std::size_t OnBody(char* data, std::size_t, std::size_t size, void* self_pointer) {
    auto* self = static_cast<HttpTransfer*>(self_pointer);
    std::string& body = self->response_.body;
    const std::size_t room = self->request_.max_response_bytes - body.size();
    body.append(data, std::min(room, size));
    self->dropped_bytes_ += size - std::min(room, size);
    if (self->dropped_bytes_ <= kDrainBytes) return size;
    self->is_cut_ = true;
    return size + 1;  // Anything but `size` ends the transfer.
  }

  static std::size_t OnHeader(char* data, std::size_t, std::size_t size, void* self_pointer) {
    auto* self = static_cast<HttpTransfer*>(self_pointer);
    std::string_view line(data, size);
    if (line.starts_with("HTTP/")) {
      // A new response: what came before was a redirect or 100 Continue.
      self->response_.headers.clear();
      self->header_bytes_ = 0;
      return size;
    }
    self->header_bytes_ += size;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || self->header_bytes_ > kMaxHeaderBytes) return size;
    self->response_.headers.emplace_back(AsciiLower(line.substr(0, colon)), Trim(line.substr(colon + 1)));
    return size;
  }

  const OutgoingRequest request_;
  const std::string user_agent_;
  const HttpResult done_;
  CurlUrl url_;
  OutgoingResponse response_;
  std::size_t header_bytes_ = 0;
  std::size_t dropped_bytes_ = 0;
  bool is_cut_ = false;
};

}  // namespace

std::unique_ptr<CurlTransfer> MakeHttpTransfer(OutgoingRequest request, std::string user_agent, HttpResult done) {
  return std::make_unique<HttpTransfer>(std::move(request), std::move(user_agent), std::move(done));
}

}  // namespace tickbird::net
