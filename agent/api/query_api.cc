#include "agent/api/query_api.h"

#include <atomic>
#include <memory>

#include <fmt/core.h>

#include "agent/api/prometheus_json.h"
#include "rules/promql/parser.h"

namespace tickbird::api {
namespace {

constexpr std::int64_t kMaxSteps = 11'000;

struct Question {
  promql::ExprPtr expr;
  TimestampMs start = 0;
  TimestampMs end = 0;
  DurationMs step = 0;  ///< 0: an instant query at `start`.
  DurationMs lookback = 0;
  DurationMs timeout = 0;
};

/// The query of the request, parsed and checked for its type.
Result<promql::ExprPtr> ExpressionOf(const net::HttpRequest& request) {
  auto expr = promql::ParseExpr(request.Parameter("query"));
  if (!expr) return WithContext("invalid parameter \"query\"", expr.error().ToError());
  if (const auto unsupported = promql::CheckSupported(**expr); !unsupported.empty()) {
    return Error{ErrorCode::kUnsupported, unsupported.front().message, unsupported.front().position};
  }
  return *std::move(expr);
}

Result<Question> InstantQuestion(const net::HttpRequest& request, const QueryApi& api) {
  Question question;
  TICKBIRD_ASSIGN_OR_RETURN(question.start, TimeParameter(request, "time", api.clock.Now()));
  TICKBIRD_ASSIGN_OR_RETURN(question.lookback, DurationParameter(request, "lookback_delta", api.options.lookback));
  TICKBIRD_ASSIGN_OR_RETURN(question.timeout, DurationParameter(request, "timeout", api.timeout));
  TICKBIRD_ASSIGN_OR_RETURN(question.expr, ExpressionOf(request));
  return question;
}

Result<Question> RangeQuestion(const net::HttpRequest& request, const QueryApi& api) {
  for (const std::string_view name : {"start", "end", "step"}) {
    if (!request.HasParameter(name))
      return Error{ErrorCode::kInvalidArgument, fmt::format("invalid parameter \"{}\": it is missing", name)};
  }
  TICKBIRD_ASSIGN_OR_RETURN(Question question, InstantQuestion(request, api));
  TICKBIRD_ASSIGN_OR_RETURN(question.start, TimeParameter(request, "start", 0));
  TICKBIRD_ASSIGN_OR_RETURN(question.end, TimeParameter(request, "end", 0));
  TICKBIRD_ASSIGN_OR_RETURN(question.step, DurationParameter(request, "step", 0));
  if (question.end < question.start) {
    return Error{ErrorCode::kInvalidArgument, "invalid parameter \"end\": end timestamp must not be before start time"};
  }
  std::int64_t span = 0;
  if (__builtin_sub_overflow(question.end, question.start, &span) || span / question.step >= kMaxSteps) {
    return Error{
        ErrorCode::kInvalidArgument,
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"};
  }
  const auto type = promql::TypeOf(*question.expr);
  if (type != promql::ValueType::kScalar && type != promql::ValueType::kVector) {
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("invalid parameter \"query\": invalid expression type \"{}\" for range query, must be Scalar or "
                    "instant Vector",
                    promql::ValueTypeName(type))};
  }
  return question;
}

net::HttpResponse Answer(const Question& question, const QueryApi& api, const std::atomic<bool>& cancelled) {
  promql::QueryOptions options = api.options;
  options.lookback = question.lookback;
  options.cancelled = &cancelled;
  auto result = question.step == 0
                    ? promql::EvalInstant(*question.expr, api.data, question.start, options)
                    : promql::EvalRange(*question.expr, api.data, question.start, question.end, question.step, options);
  if (result) return {.body = EncodeQueryResult(*result)};
  switch (result.error().code) {
    case ErrorCode::kCancelled:
      return net::ErrorResponse(503, "timeout", "query timed out");
    case ErrorCode::kInternal:
      return net::ErrorResponse(500, "internal", result.error().message);
    default:
      return net::ErrorResponse(422, "execution", result.error().ToString());
  }
}

/// Bad parameters are the client's fault whatever their code; what this version does not evaluate is an execution
/// error.
net::HttpResponse Refusal(const Error& error) {
  if (error.code == ErrorCode::kUnsupported) return net::ErrorResponse(422, "execution", error.ToString());
  return net::ErrorResponse(400, "bad_data", error.ToString());
}

void Handle(QueryApi& api, Result<Question> question, const net::Responder& responder) {
  if (!question) return responder.Send(Refusal(question.error()));
  const auto cancelled = std::make_shared<std::atomic<bool>>(false);
  const auto timeout = std::min(question->timeout, api.timeout);
  const auto timer = api.timers.Schedule(api.clock.Now() + timeout, [cancelled] { *cancelled = true; });
  const bool taken = api.workers.Offload([&api, question = *std::move(question), cancelled,
                                          responder] { responder.Send(Answer(question, api, *cancelled)); },
                                         [&api, timer] { api.timers.Cancel(timer); });
  if (taken) return;
  api.timers.Cancel(timer);
  responder.Send(net::ErrorResponse(503, "unavailable", "too many queries are waiting; try again"));
}

}  // namespace

void AddQueryRoutes(net::Router& router, QueryApi& api) {
  const net::DeferredHandler instant = [&api](const net::HttpRequest& request, const net::Responder& responder) {
    Handle(api, InstantQuestion(request, api), responder);
  };
  const net::DeferredHandler range = [&api](const net::HttpRequest& request, const net::Responder& responder) {
    Handle(api, RangeQuestion(request, api), responder);
  };
  router.GetDeferred("/api/v1/query", instant).PostDeferred("/api/v1/query", instant);
  router.GetDeferred("/api/v1/query_range", range).PostDeferred("/api/v1/query_range", range);
}

}  // namespace tickbird::api
