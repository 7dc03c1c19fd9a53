#include "agent/samplers/filesystem/statvfs_probe.h"

#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>

namespace tickbird::samplers {

struct StatvfsProbe::Answer {
  StatvfsResult result;  // written by the thread before `done`
  std::atomic<bool> done = false;
};

bool StatvfsProbe::Start(const std::string& path, Path& state) {
  const auto answer = std::make_shared<Answer>();
  try {
    std::thread([answer, path, ask = statvfs_] {
      answer->result.error = ask(path.c_str(), answer->result.values);
      answer->done.store(true, std::memory_order_release);
    }).detach();
  } catch (const std::system_error&) {
    return false;
  }
  state.pending = answer;
  return true;
}

std::optional<StatvfsResult> StatvfsProbe::Ask(const std::string& path) {
  if (paths_.size() >= kMaxPaths && !paths_.contains(path)) return StatvfsResult{.error = EMFILE};
  Path& state = paths_[path];
  state.is_asked = true;
  std::optional<StatvfsResult> found;
  if (state.pending) {
    if (!state.pending->done.load(std::memory_order_acquire)) return StatvfsResult{.error = ETIMEDOUT};
    found = state.pending->result;
    state.pending.reset();
  }
  if (!Start(path, state)) return StatvfsResult{.error = EMFILE};
  return found;
}

void StatvfsProbe::ForgetOthers() {
  std::erase_if(paths_, [](const auto& entry) { return !entry.second.is_asked; });
  for (auto& [path, state] : paths_) state.is_asked = false;
}

}  // namespace tickbird::samplers
