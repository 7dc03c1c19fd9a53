#include "notifiers/channels/log_file/log_file.h"

#include <array>
#include <utility>

#include "core/base/duration.h"
#include "core/base/json_writer.h"
#include "core/base/log.h"
#include "core/base/number.h"
#include "core/model/labels.h"
#include "notifiers/channels/message_text.h"
#include "notifiers/channels/spec_reader.h"

namespace tickbird::notify {
namespace {

constexpr std::array<std::string_view, 2> kFields = {"path", "send_resolved"};

/// Appends whole lines or nothing: half a line after a full disk would spoil the next one too.
Status AppendWhole(Fs& fs, const std::string& path, std::string_view lines) {
  TICKBIRD_ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file, fs.OpenAppend(path));
  TICKBIRD_ASSIGN_OR_RETURN(const std::int64_t size, fs.Size(path));
  Status appended = file->Append(lines);
  if (!appended) [[maybe_unused]]
    const Status cut = file->Truncate(size);
  return appended;
}

class LogFile final : public Channel {
 public:
  LogFile(const ChannelDeps& deps, SpecReader& reader)
      : fs_(deps.fs), path_(reader.Text("path")), send_resolved_(reader.Bool("send_resolved", true)) {
    if (reader.Has("path")) reader.RequiredText("path");
  }

  void Send(const Parcel& parcel, TimestampMs, Done done) override {
    std::string lines;
    for (const Message& message : parcel.messages) {
      const std::string line = BuildLogLine(message);
      if (path_.empty()) log::Warn("alert", {{"alert", line}});
      lines += line + '\n';
    }
    if (path_.empty()) return done(SendOutcome::Delivered());
    const Status written = AppendWhole(fs_, path_, lines);
    done(written ? SendOutcome::Delivered() : SendOutcome::Retry(FailureReason::kOther, written.error().message));
  }

  bool send_resolved() const override { return send_resolved_; }

 private:
  Fs& fs_;
  std::string path_;
  bool send_resolved_;
};

}  // namespace

Result<std::unique_ptr<Channel>> CreateLogFile(const ReceiverSpec& spec, const ChannelDeps& deps) {
  SpecReader reader(spec, kFields, {});
  auto channel = std::make_unique<LogFile>(deps, reader);
  TICKBIRD_RETURN_IF_ERROR(reader.Finish());
  return Result<std::unique_ptr<Channel>>(std::move(channel));
}

std::string BuildLogLine(const Message& message) {
  const AlertEvent& alert = *message.alert;
  JsonWriter json;
  json.BeginObject().Key("ts").String(FormatTimestamp(message.created)).Key("key").String(message.key);
  json.Key("kind")
      .String(MessageKindName(message.kind))
      .Key("status")
      .String(message.resolved() ? "resolved" : "firing");
  json.Key("alert").String(alert.rule).Key("id").String(FormatAlertId(alert.id)).Key("level").String(alert.level.name);
  json.Key("since").String(FormatTimestamp(message.incident)).Key("value").String(FormatDouble(alert.value));
  if (alert.no_data) json.Key("no_data").Bool(true);
  json.Key("condition").String(alert.condition).Key("labels").BeginObject();
  for (const LabelView& label : alert.labels) json.Key(label.name).String(label.value);
  json.EndObject();
  const auto add = [&](std::string_view key, const std::string& text) {
    if (!text.empty()) json.Key(key).String(text);
  };
  add("summary", alert.summary);
  add("detail", alert.detail);
  add("advice", alert.advice);
  add("runbook", alert.runbook);
  if (message.swallowed > 0) json.Key("swallowed").Int(message.swallowed);
  if (message.escalation_step > 0) json.Key("escalation_step").Int(message.escalation_step);
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace tickbird::notify
