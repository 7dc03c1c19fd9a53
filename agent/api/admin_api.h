#pragma once

#include <functional>

#include "agent/net/router.h"
#include "core/base/result.h"

namespace tickbird::api {

/// `POST /-/reload` (also PUT, as Prometheus): reads the configuration and the rules again, all or nothing. 200, or 400 with all
/// problems as text. Only from this machine.
void AddAdminRoutes(net::Router& router, std::function<Status()> reload);

}  // namespace tickbird::api
