#pragma once

#include <functional>
#include <string>

#include "agent/net/router.h"
#include "core/base/clock.h"
#include "notifiers/notifier.h"
#include "rules/eval/engine.h"

namespace tickbird::api {

/// What the paths about alerts need; all of it outlives the router and lives on the I/O thread.
struct AlertsApi {
  const rules::RuleEngine& engine;
  notify::Notifier& notifier;
  const Clock& clock;
  std::function<void()> changed;  ///< Called after an acknowledgement.
};

/// `/api/v1/alerts` and `/api/v1/rules` as Prometheus answers them (the level is the label `severity`), our own list
/// with ids and acknowledgements at `/api/tickbird/v1/alerts`, and `POST /api/tickbird/v1/alerts/{id}/ack` with the
/// fields by, note and for.
void AddAlertRoutes(net::Router& router, AlertsApi& api);

/// Our own list as JSON: the raised alerts, the worst first. Also what the dashboard's stream carries.
std::string EncodeRaisedAlerts(const AlertsApi& api);

}  // namespace tickbird::api
