#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "core/base/mail_client.h"

namespace tickbird::testing {

/// Keeps every mail. Answers from the script, in order, within Send; without a script the caller answers later.
class FakeMailClient final : public MailClient {
 public:
  void Send(OutgoingMail mail, Callback callback) override {
    mails.push_back(std::move(mail));
    if (script.empty()) {
      waiting.push_back(std::move(callback));
      return;
    }
    Result<Outcome> reply = std::move(script.front());
    script.pop_front();
    callback(std::move(reply));
  }

  /// Answers the oldest mail that waits.
  void Answer(Result<Outcome> reply) {
    Callback next = std::move(waiting.front());
    waiting.pop_front();
    next(std::move(reply));
  }

  std::vector<OutgoingMail> mails;
  std::deque<Result<Outcome>> script;
  std::deque<Callback> waiting;
};

}  // namespace tickbird::testing
