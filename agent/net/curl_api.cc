#include "agent/net/curl_api.h"

#include <dlfcn.h>

namespace tickbird::net {
namespace {

Error Missing(const char* what) {
  return {ErrorCode::kUnavailable,
          "sending needs libcurl, which cannot be loaded (install the package libcurl4): " + std::string(what)};
}

template <class F>
bool Resolve(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

Result<CurlApi> LoadCurl(const std::string& library_name) {
  // Never closed: threads of its resolver may outlive every handle.
  void* library = dlopen(library_name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Missing(dlerror());
  CurlApi api{};
  const bool complete =
      Resolve(library, "curl_global_init", api.global_init) && Resolve(library, "curl_easy_init", api.easy_init) &&
      Resolve(library, "curl_easy_cleanup", api.easy_cleanup) &&
      Resolve(library, "curl_easy_setopt", api.easy_setopt) &&
      Resolve(library, "curl_easy_getinfo", api.easy_getinfo) &&
      Resolve(library, "curl_easy_strerror", api.easy_strerror) &&
      Resolve(library, "curl_slist_append", api.slist_append) &&
      Resolve(library, "curl_slist_free_all", api.slist_free_all) &&
      Resolve(library, "curl_multi_init", api.multi_init) &&
      Resolve(library, "curl_multi_cleanup", api.multi_cleanup) &&
      Resolve(library, "curl_multi_setopt", api.multi_setopt) &&
      Resolve(library, "curl_multi_add_handle", api.multi_add_handle) &&
      Resolve(library, "curl_multi_remove_handle", api.multi_remove_handle) &&
      Resolve(library, "curl_multi_perform", api.multi_perform) &&
      Resolve(library, "curl_multi_poll", api.multi_poll) && Resolve(library, "curl_multi_wakeup", api.multi_wakeup) &&
      Resolve(library, "curl_multi_info_read", api.multi_info_read) && Resolve(library, "curl_url", api.url) &&
      Resolve(library, "curl_url_cleanup", api.url_cleanup) && Resolve(library, "curl_url_get", api.url_get) &&
      Resolve(library, "curl_url_set", api.url_set) && Resolve(library, "curl_free", api.free);
  if (!complete) return Missing("this one is too old: 7.85 or later is needed");
  if (api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return Missing("it does not start");
  return api;
}

CurlEasy::CurlEasy(const CurlApi& api) : api_(api), handle_(api.easy_init()) {}

CurlEasy::~CurlEasy() {
  if (handle_ != nullptr) api_.easy_cleanup(handle_);
  for (curl_slist* list : lists_) api_.slist_free_all(list);
}

void CurlEasy::SetList(CURLoption option, const std::vector<std::string>& items) {
  curl_slist* list = nullptr;
  for (const std::string& item : items) list = api_.slist_append(list, item.c_str());
  if (list == nullptr) return;
  lists_.push_back(list);
  SetPointer(option, list);
}

long CurlEasy::InfoLong(CURLINFO info) const {
  long value = 0;
  api_.easy_getinfo(handle_, info, &value);
  return value;
}

curl_off_t CurlEasy::InfoOffset(CURLINFO info) const {
  curl_off_t value = 0;
  api_.easy_getinfo(handle_, info, &value);
  return value;
}

void CurlEasy::Note(CURLoption option, CURLcode code) {
  if (code == CURLE_OK || first_failure_ != CURLE_OK) return;
  first_failure_ = code;
  failed_option_ = option;
}

Status CurlEasy::status() const {
  if (handle_ == nullptr) return Error{ErrorCode::kInternal, "libcurl gave no handle"};
  if (first_failure_ == CURLE_OK) return {};
  return Error{ErrorCode::kUnsupported, "libcurl refused its option " + std::to_string(failed_option_) + ": " +
                                            api_.easy_strerror(first_failure_)};
}

}  // namespace tickbird::net
