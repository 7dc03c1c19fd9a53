#pragma once

// The macros that check types only see calls by the library's own names; ours go through pointers.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include <string>
#include <vector>

#include "core/base/result.h"

namespace tickbird::net {

/// libcurl's functions, loaded at first use: linked, it and the 30 libraries behind it would cost an agent that sends
/// nothing about 6 MiB (docs/benchmarks.md, footprint). Its headers give the types; nothing of it is called by name.
struct CurlApi {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
  decltype(&::curl_multi_init) multi_init;
  decltype(&::curl_multi_cleanup) multi_cleanup;
  decltype(&::curl_multi_setopt) multi_setopt;
  decltype(&::curl_multi_add_handle) multi_add_handle;
  decltype(&::curl_multi_remove_handle) multi_remove_handle;
  decltype(&::curl_multi_perform) multi_perform;
  decltype(&::curl_multi_poll) multi_poll;
  decltype(&::curl_multi_wakeup) multi_wakeup;
  decltype(&::curl_multi_info_read) multi_info_read;
  decltype(&::curl_url) url;
  decltype(&::curl_url_cleanup) url_cleanup;
  decltype(&::curl_url_get) url_get;
  decltype(&::curl_url_set) url_set;
  decltype(&::curl_free) free;
};

/// Loads and initialises `library`, which stays loaded. kUnavailable says which package is missing.
Result<CurlApi> LoadCurl(const std::string& library);

/// One easy handle with its options, as typed calls: curl_easy_setopt is variadic, where an int for a long is a silent
/// fault. Options that this libcurl does not know are kUnsupported on the first use and stay reported by status().
class CurlEasy {
 public:
  explicit CurlEasy(const CurlApi& api);
  ~CurlEasy();
  CurlEasy(const CurlEasy&) = delete;
  CurlEasy& operator=(const CurlEasy&) = delete;

  void Set(CURLoption option, long value) { Note(option, api_.easy_setopt(handle_, option, value)); }
  void SetLarge(CURLoption option, curl_off_t value) { Note(option, api_.easy_setopt(handle_, option, value)); }
  /// libcurl copies the text.
  void Set(CURLoption option, const std::string& text) {
    Note(option, api_.easy_setopt(handle_, option, text.c_str()));
  }
  void Set(CURLoption option, const char* text) { Note(option, api_.easy_setopt(handle_, option, text)); }
  /// `data` stays valid as long as this object.
  void SetPointer(CURLoption option, const void* data) { Note(option, api_.easy_setopt(handle_, option, data)); }
  template <class R, class... Args>
  void SetFunction(CURLoption option, R (*function)(Args...)) {
    Note(option, api_.easy_setopt(handle_, option, function));
  }
  /// Hands over a list of strings, kept until this object goes. An empty list sets nothing.
  void SetList(CURLoption option, const std::vector<std::string>& items);

  long InfoLong(CURLINFO info) const;
  curl_off_t InfoOffset(CURLINFO info) const;
  Status status() const;

  const CurlApi& api() const { return api_; }
  CURL* handle() const { return handle_; }

 private:
  void Note(CURLoption option, CURLcode code);

  const CurlApi& api_;
  CURL* handle_;
  std::vector<curl_slist*> lists_;
  CURLcode first_failure_ = CURLE_OK;
  CURLoption failed_option_{};
};

}  // namespace tickbird::net
