#pragma once

#include <functional>

#include "agent/net/router.h"
#include "core/base/result.h"

namespace tickbird::api {

/// Reads everything again and calls back on the I/O thread: with the error's text being all problems as a compiler
/// prints them.
using Reload = std::function<void(std::function<void(Status)> done)>;

/// `POST /-/reload` (also PUT, as Prometheus): all or nothing. 200, or 400 with the problems as text. Only from this
/// machine.
void AddAdminRoutes(net::Router& router, Reload reload);

}  // namespace tickbird::api
