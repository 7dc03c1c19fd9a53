#include "agent/net/curl_transfer.h"

#include <utility>

#include "core/base/duration.h"

namespace tickbird::net {
namespace {

/// A CURLU with its pieces as strings.
class UrlParts {
 public:
  explicit UrlParts(const CurlApi& api) : api_(api), url_(api.url()) {}
  ~UrlParts() { api_.url_cleanup(url_); }
  UrlParts(const UrlParts&) = delete;
  UrlParts& operator=(const UrlParts&) = delete;

  bool Set(CURLUPart part, const std::string& text, unsigned flags = 0) {
    return api_.url_set(url_, part, text.c_str(), flags) == CURLUE_OK;
  }
  std::string Get(CURLUPart part, unsigned flags = 0) const {
    char* text = nullptr;
    if (api_.url_get(url_, part, &text, flags) != CURLUE_OK) return {};
    std::string copy = text;
    api_.free(text);
    return copy;
  }

 private:
  const CurlApi& api_;
  CURLU* url_;
};

bool IsAboutTheConnectionOnly(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_USE_SSL_FAILED:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string CurlTransfer::Explain(const CurlApi& api, CURLcode code) const {
  if (IsAboutTheConnectionOnly(code) && error_text[0] != '\0') return error_text.data();
  return api.easy_strerror(code);
}

Error CurlTransfer::ErrorFor(const CurlApi& api, CURLcode code) const {
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return {ErrorCode::kTimeout, label + ": no complete answer within " + FormatDuration(timeout)};
  }
  const bool is_our_fault = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
  return {is_our_fault ? ErrorCode::kInvalidArgument : ErrorCode::kUnavailable, label + ": " + Explain(api, code)};
}

void ApplyTls(CurlEasy& easy, const TlsOptions& tls) {
  easy.Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!tls.ca_file.empty()) easy.Set(CURLOPT_CAINFO, tls.ca_file);
  easy.Set(CURLOPT_SSL_VERIFYPEER, tls.insecure_skip_verify ? 0L : 1L);
  easy.Set(CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
}

Result<CurlUrl> ParseCurlUrl(const CurlApi& api, const std::string& url, const std::string& server_name) {
  UrlParts parts(api);
  if (url.find('\0') != std::string::npos || !parts.Set(CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME)) {
    return Error{ErrorCode::kInvalidArgument, "the URL cannot be read; write it as http://host:port/path"};
  }
  CurlUrl out;
  out.scheme = parts.Get(CURLUPART_SCHEME);
  out.host = parts.Get(CURLUPART_HOST);
  out.port = parts.Get(CURLUPART_PORT, CURLU_DEFAULT_PORT);
  out.has_credentials = !parts.Get(CURLUPART_USER).empty();
  if (!server_name.empty() && server_name != out.host) {
    if (!parts.Set(CURLUPART_HOST, server_name)) {
      return Error{ErrorCode::kInvalidArgument, "the TLS server name is not a host name"};
    }
    out.connect_to = server_name + ':' + out.port + ':' + out.host + ':' + out.port;
  }
  out.url = parts.Get(CURLUPART_URL);
  return out;
}

}  // namespace tickbird::net
