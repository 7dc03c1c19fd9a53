#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/net/event_hub.h"
#include "agent/net/http.h"

namespace tickbird::net {

/// What answers a route: at once on the I/O thread, later, or with a stream of events.
struct EventStream {
  EventHub* hub;
  Greeter greeter;
};
using Endpoint = std::variant<Handler, DeferredHandler, EventStream>;

/// Maps methods and paths to handlers. Built once before the server starts and not changed afterwards.
///
/// A pattern is a path of literal and `{name}` segments: "/api/v1/label/{name}/values". A parameter matches one
/// non-empty segment, also one with an encoded '/'. Where several patterns match, the one whose earlier segments are
/// literal wins. GET handlers answer HEAD. No trailing slash is added or removed. Patterns are also the handler names
/// in statistics.
class Router {
 public:
  /// REQUIRES: `pattern` starts with '/' and is new for the method.
  Router& Get(std::string_view pattern, Handler handler) { return Add("GET", pattern, std::move(handler)); }
  Router& Post(std::string_view pattern, Handler handler) { return Add("POST", pattern, std::move(handler)); }
  Router& Delete(std::string_view pattern, Handler handler) { return Add("DELETE", pattern, std::move(handler)); }
  Router& GetDeferred(std::string_view pattern, DeferredHandler handler) {
    return Add("GET", pattern, std::move(handler));
  }
  Router& PostDeferred(std::string_view pattern, DeferredHandler handler) {
    return Add("POST", pattern, std::move(handler));
  }
  /// GET answered by server-sent events from `hub`, which outlives the server.
  Router& Stream(std::string_view pattern, EventHub& hub, Greeter greeter) {
    return Add("GET", pattern, EventStream{&hub, std::move(greeter)});
  }
  Router& Add(std::string_view method, std::string_view pattern, Endpoint endpoint);

  struct Match {
    const Endpoint* endpoint = nullptr;  ///< Null: `refusal` says why (404, or 405 with Allow).
    std::string_view pattern;            ///< "" when no route matched. Lives as long as the router.
    Parameters path_parameters;
    HttpResponse refusal;
  };
  /// `method` in upper case, `raw_path` still percent-encoded. 400 in `refusal` when the path cannot be decoded.
  Match Find(std::string_view method, std::string_view raw_path) const;

  /// All patterns, for pre-made statistics.
  std::vector<std::string_view> Patterns() const;

 private:
  struct Segment {
    std::string text;  ///< The literal, or the name of the parameter.
    bool is_parameter;
  };
  struct Route {
    std::string pattern;
    std::vector<Segment> segments;
    std::map<std::string, Endpoint, std::less<>> endpoints;  ///< By method.
  };
  /// Literal before parameter, from the left: the first route that matches is the most specific one.
  static bool IsMoreSpecific(const std::unique_ptr<Route>& a, const std::unique_ptr<Route>& b);
  static bool Matches(const Route& route, const std::vector<std::string>& path, Parameters& captured);

  std::vector<std::unique_ptr<Route>> routes_;  ///< Most specific first.
};

}  // namespace tickbird::net
