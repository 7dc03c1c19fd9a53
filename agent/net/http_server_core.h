#pragma once

#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "agent/net/http_limits.h"
#include "agent/net/http_stats.h"
#include "agent/net/io_loop.h"
#include "agent/net/router.h"
#include "agent/net/task_group.h"

namespace tickbird::net {

class HttpSession;

/// What the server and its sessions share. Sessions keep it alive, so they may end after the server. I/O thread only.
struct HttpServerCore {
  HttpServerCore(IoLoop& given_loop, std::shared_ptr<const Router> given_router, HttpLimits given_limits)
      : loop(given_loop), router(std::move(given_router)), limits(given_limits) {
    for (const std::string_view pattern : router->Patterns()) stats.handlers.push_back({std::string(pattern)});
    stats.handlers.push_back({});
  }

  /// The counters of a route; the last entry is for what no route matched.
  HttpStats::Handler& StatsOf(std::string_view pattern) {
    for (HttpStats::Handler& handler : stats.handlers) {
      if (handler.pattern == pattern) return handler;
    }
    return stats.handlers.back();
  }

  IoLoop& loop;
  const std::shared_ptr<const Router> router;
  const HttpLimits limits;
  HttpStats stats;
  TaskGroup tasks;                  ///< One token for each session.
  std::set<HttpSession*> sessions;  ///< Each removes itself.
};

}  // namespace tickbird::net
