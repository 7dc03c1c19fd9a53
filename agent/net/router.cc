#include "agent/net/router.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/base/strings.h"

namespace tickbird::net {
namespace {

std::vector<std::string_view> Segments(std::string_view path) {
  path.remove_prefix(1);
  return Split(path, '/');
}

/// "GET, HEAD, POST", for the Allow header.
template <class Map>
std::string AllowedMethods(const Map& endpoints) {
  std::string allowed;
  for (const auto& [method, endpoint] : endpoints) {
    allowed += (allowed.empty() ? "" : ", ") + method + (method == "GET" ? ", HEAD" : "");
  }
  return allowed;
}

}  // namespace

Router& Router::Add(std::string_view method, std::string_view pattern, Endpoint endpoint) {
  assert(pattern.starts_with('/'));
  auto found =
      std::find_if(routes_.begin(), routes_.end(), [&](const auto& route) { return route->pattern == pattern; });
  if (found == routes_.end()) {
    auto route = std::make_unique<Route>();
    route->pattern = pattern;
    for (const std::string_view segment : Segments(pattern)) {
      const bool is_parameter = segment.starts_with('{') && segment.ends_with('}');
      route->segments.push_back(
          {std::string(is_parameter ? segment.substr(1, segment.size() - 2) : segment), is_parameter});
    }
    found = routes_.insert(std::upper_bound(routes_.begin(), routes_.end(), route, IsMoreSpecific), std::move(route));
  }
  [[maybe_unused]] const bool is_new = (*found)->endpoints.emplace(method, std::move(endpoint)).second;
  assert(is_new);
  return *this;
}

bool Router::IsMoreSpecific(const std::unique_ptr<Route>& a, const std::unique_ptr<Route>& b) {
  const auto is_parameter = [](const Segment& left, const Segment& right) {
    return left.is_parameter < right.is_parameter;
  };
  return std::lexicographical_compare(a->segments.begin(), a->segments.end(), b->segments.begin(), b->segments.end(),
                                      is_parameter);
}

bool Router::Matches(const Route& route, const std::vector<std::string>& path, Parameters& captured) {
  if (route.segments.size() != path.size()) return false;
  captured.clear();
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Segment& segment = route.segments[i];
    if (!segment.is_parameter && segment.text != path[i]) return false;
    if (segment.is_parameter && path[i].empty()) return false;
    if (segment.is_parameter) captured.emplace_back(segment.text, path[i]);
  }
  return true;
}

Router::Match Router::Find(std::string_view method, std::string_view raw_path) const {
  Match match;
  std::vector<std::string> path;
  if (!raw_path.starts_with('/')) {
    match.refusal = ErrorResponse(404, "not_found", "no such page");
    return match;
  }
  for (const std::string_view segment : Segments(raw_path)) {
    Result<std::string> decoded = PercentDecode(segment, false);
    if (!decoded) {
      match.refusal = ErrorResponse(WithContext("path", std::move(decoded.error())));
      return match;
    }
    path.push_back(std::move(*decoded));
  }
  const std::string_view lookup = method == "HEAD" ? "GET" : method;
  for (const auto& route : routes_) {
    if (!Matches(*route, path, match.path_parameters)) continue;
    match.pattern = route->pattern;
    const auto endpoint = route->endpoints.find(lookup);
    if (endpoint != route->endpoints.end()) {
      match.endpoint = &endpoint->second;
      return match;
    }
    const std::string allowed = AllowedMethods(route->endpoints);
    match.refusal = ErrorResponse(405, "bad_data", "this page answers " + allowed + " only");
    match.refusal.headers.emplace_back("Allow", allowed);
    return match;
  }
  match.refusal = ErrorResponse(404, "not_found", "no such page");
  return match;
}

std::vector<std::string_view> Router::Patterns() const {
  std::vector<std::string_view> patterns;
  for (const auto& route : routes_) patterns.push_back(route->pattern);
  return patterns;
}

}  // namespace tickbird::net
