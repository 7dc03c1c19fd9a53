#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/health/document.h"

/// Answers to /health, /health/live and /health/ready and their aliases, made from a document. Pure. Whoever serves
/// them adds `Cache-Control: no-store`.
namespace tickbird::health {

inline constexpr std::string_view kHealthJsonType = "application/health+json";

struct ProbeQuery {
  bool verbose = false;
  std::vector<std::string> exclude;  ///< `?exclude=name`: counted as passing.
  std::string only;                  ///< `/health/ready/<name>`: this entry alone.
  bool reveal = false;               ///< The caller may read reasons; otherwise they are withheld.
};

struct ProbeAnswer {
  int status = 200;  ///< 200, 503, or 404 for an `only` that does not exist.
  std::string body;  ///< Text; ends with a newline when it is more than "ok".
};

/// 200 while every loop beats; looks at nothing outside this process.
ProbeAnswer AnswerLive(const HealthDocument& document, const ProbeQuery& query);
/// 200 when nothing required stands in the way.
ProbeAnswer AnswerReady(const HealthDocument& document, const ProbeQuery& query);

/// 200 for pass and warn, 503 for fail.
int HealthHttpStatus(const HealthDocument& document);

struct DocumentInfo {
  std::string_view release;     ///< The agent's version.
  std::string_view service_id;  ///< Which agent: host or pod.
  bool reveal = false;
};
/// {"status", "releaseId", "serviceId", "checks": {"api:responseTime": [{...}], ...}}, after
/// draft-inadarei-api-health-check-06; "output" only where it does not pass, and only for callers who may read it.
std::string RenderJson(const HealthDocument& document, const DocumentInfo& info);

/// One line an entry and a last one for all: "[+]wal ok", "[-]cache warns: status 503", "[-]api failed: reason
/// withheld", "health check failed". A warning does not make it fail.
std::string RenderVerbose(const HealthDocument& document, const ProbeQuery& query);

}  // namespace tickbird::health
