#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/http_client.h"
#include "core/base/mail_client.h"
#include "core/base/result.h"
#include "core/model/receiver_spec.h"
#include "notifiers/pipeline/lane.h"
#include "notifiers/pipeline/outcome.h"

namespace tickbird::notify {

/// One way to reach people: turns a parcel (one message, or a digest of several) into a request and hands it to a
/// client. What is written is a pure function beside the class (BuildWebhookBody, BuildMail, ...). Used on the I/O
/// thread only.
class Channel {
 public:
  using Done = std::function<void(SendOutcome)>;

  virtual ~Channel() = default;
  /// `done` comes exactly once, on the I/O thread, perhaps before Send returns. It may come after the channel is gone
  /// (reload), so implementations capture nothing of themselves. Texts in the outcome hold no secret.
  virtual void Send(const Parcel& parcel, TimestampMs now, Done done) = 0;
  /// Whether clears are wanted.
  virtual bool send_resolved() const = 0;
};

/// What channels stand on. All references outlive the channels.
struct ChannelDeps {
  HttpClient& http;
  MailClient& mail;
  Fs& fs;                    ///< For *_file secrets and the log channel.
  std::string hostname;      ///< Of this machine: sender's address, Message-ID.
  std::string external_url;  ///< Under which people reach this agent; without a '/' at the end. Empty: no links.
};

/// Checks a receiver's fields and makes its channel. Errors are kInvalidArgument (unknown or missing field, bad value)
/// or kUnsupported (a field of Alertmanager that this version does not act on), with the field's position; their texts
/// never hold a field's value, which may be a secret.
Result<std::unique_ptr<Channel>> CreateChannel(const ReceiverSpec& spec, const ChannelDeps& deps);

}  // namespace tickbird::notify
