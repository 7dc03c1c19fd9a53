#include "agent/api/metrics_api.h"

#include <memory>
#include <string>
#include <utility>

#include "core/exposition/negotiate.h"

namespace tickbird::api {
namespace {

net::HttpResponse Page(const MetricsApi& api, const std::vector<prometheus::MetricFamily>& own,
                       const exposition::Negotiated& form) {
  net::HttpResponse response{.content_type = std::string(form.content_type)};
  const auto counts = exporters::WriteMetricsPage(api.data, own, api.clock.Now(), api.options, form, response.body);
  if (!counts) return net::ErrorResponse(counts.error());
  return response;
}

}  // namespace

void AddMetricsRoutes(net::Router& router, MetricsApi& api) {
  router.GetDeferred("/metrics", [&api](const net::HttpRequest& request, const net::Responder& responder) {
    const exposition::Negotiated form = exposition::Negotiate(request.Header("accept"));
    const auto own = std::make_shared<const std::vector<prometheus::MetricFamily>>(api.own());
    const bool taken = api.workers.Offload([&api, own, form, responder] { responder.Send(Page(api, *own, form)); });
    if (!taken) responder.Send(net::ErrorResponse(503, "unavailable", "too many requests are waiting; try again"));
  });
}

}  // namespace tickbird::api
