#include "agent/api/admin_api.h"

#include <utility>

namespace tickbird::api {

void AddAdminRoutes(net::Router& router, std::function<Status()> reload) {
  const net::Handler handler = [reload = std::move(reload)](const net::HttpRequest& request) -> net::HttpResponse {
    if (const Status trusted = net::CheckTrustedForWrites(request); !trusted) return net::ErrorResponse(trusted.error());
    if (const Status done = reload(); !done) return {.status = 400, .content_type = "text/plain; charset=utf-8", .body = done.error().message};
    return {.body = R"({"status":"success"})"};
  };
  router.Post("/-/reload", handler).Add("PUT", "/-/reload", handler);
}

}  // namespace tickbird::api
