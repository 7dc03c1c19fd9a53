#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "core/base/http_client.h"

namespace tickbird::testing {

/// Keeps every request. Answers from the script, in order, within Send; without a script the caller answers later.
class FakeHttpClient final : public HttpClient {
 public:
  struct Waiting {
    OutgoingRequest request;
    Callback callback;
  };

  void Send(OutgoingRequest request, Callback callback) override {
    requests.push_back(request);
    if (script.empty()) {
      waiting.push_back({std::move(request), std::move(callback)});
      return;
    }
    Result<OutgoingResponse> answer = std::move(script.front());
    script.pop_front();
    callback(std::move(answer));
  }

  /// Answers the oldest request that waits.
  void Answer(Result<OutgoingResponse> answer) {
    Waiting next = std::move(waiting.front());
    waiting.pop_front();
    next.callback(std::move(answer));
  }
  void Answer(int status, std::string body = {}) { Answer(Status(status, std::move(body))); }

  static OutgoingResponse Status(int status, std::string body = {}) {
    OutgoingResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
  }

  std::vector<OutgoingRequest> requests;
  std::deque<Result<OutgoingResponse>> script;
  std::deque<Waiting> waiting;
};

}  // namespace tickbird::testing
