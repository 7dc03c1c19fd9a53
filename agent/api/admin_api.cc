#include "agent/api/admin_api.h"

#include <utility>

namespace tickbird::api {

void AddAdminRoutes(net::Router& router, Reload reload) {
  const net::DeferredHandler handler = [reload = std::move(reload)](const net::HttpRequest& request,
                                                                    const net::Responder& responder) {
    if (const Status trusted = net::CheckTrustedForWrites(request); !trusted)
      return responder.Send(net::ErrorResponse(trusted.error()));
    reload([responder](const Status& done) {
      if (done) return responder.Send({.body = R"({"status":"success"})"});
      responder.Send({.status = 400, .content_type = "text/plain; charset=utf-8", .body = done.error().message});
    });
  };
  router.PostDeferred("/-/reload", handler).Add("PUT", "/-/reload", handler);
}

}  // namespace tickbird::api
