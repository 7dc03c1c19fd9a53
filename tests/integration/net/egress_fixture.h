#pragma once

#include <future>
#include <memory>
#include <utility>

#include "agent/net/curl_egress.h"
#include "tests/integration/net/net_fixture.h"

namespace tickbird::net {

/// A loop with an egress on it, and Send as a call that waits.
class EgressTest : public testing::Test {
 protected:
  void SetUp() override { Start({}); }
  void TearDown() override { egress = nullptr; }
  void Start(CurlEgress::Options options) { egress = std::make_unique<CurlEgress>(thread.loop(), std::move(options)); }

  /// Also checks that the callback comes on the I/O thread.
  template <class Message, class Value>
  std::future<Result<Value>> SendLater(Message message) {
    auto promise = std::make_shared<std::promise<Result<Value>>>();
    std::future<Result<Value>> future = promise->get_future();
    egress->Send(std::move(message), [this, promise](Result<Value> result) {
      EXPECT_TRUE(thread.loop().IsLoopThread());
      promise->set_value(std::move(result));
    });
    return future;
  }
  std::future<Result<OutgoingResponse>> Later(OutgoingRequest request) {
    return SendLater<OutgoingRequest, OutgoingResponse>(std::move(request));
  }
  Result<OutgoingResponse> Send(OutgoingRequest request) { return Later(std::move(request)).get(); }
  Result<MailClient::Outcome> Send(OutgoingMail mail) {
    return SendLater<OutgoingMail, MailClient::Outcome>(std::move(mail)).get();
  }

  LoopThread thread;
  std::unique_ptr<CurlEgress> egress;
};

}  // namespace tickbird::net
