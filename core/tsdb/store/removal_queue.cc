#include "core/tsdb/store/removal_queue.h"

#include <utility>

#include "core/tsdb/store/data_directory.h"

namespace tickbird::tsdb {

Status RemovalQueue::Run() {
  Status first;
  std::vector<Step> left;
  bool in_order = true;
  for (Step& step : std::exchange(steps_, {})) {
    Status done;
    if (step.kind != Kind::kLeftover) {
      done = in_order ? MoveAway(step) : Status{};
      if (!in_order || !done) left.push_back(step);
      in_order = in_order && done.has_value();
      if (in_order && step.kind == Kind::kRemove) {
        step = {JoinPath(directory_, step.name) + std::string(kForDeletion), Kind::kLeftover};
      }
    }
    if (step.kind == Kind::kLeftover) {
      done = fs_.RemoveAll(step.name);
      if (!done) left.push_back(std::move(step));
    }
    if (first) first = std::move(done);
  }
  steps_ = std::move(left);
  return first;
}

Status RemovalQueue::MoveAway(const Step& step) {
  const std::string path = JoinPath(directory_, step.name);
  return MoveAway(path, path + std::string(step.kind == Kind::kSetAside ? kDamaged : kForDeletion));
}

Status RemovalQueue::MoveAway(const std::string& from, const std::string& to) {
  if (fs_.Exists(from)) TICKBIRD_RETURN_IF_ERROR(fs_.Rename(from, to));
  return fs_.SyncDir(directory_);
}

}  // namespace tickbird::tsdb
