#include "agent/samplers/filesystem/statvfs_probe.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

namespace tickbird::samplers {
namespace {

// A server whose answers the test holds back and lets go. The probe's threads outlive the probe, so they share it.
class Server {
 public:
  StatvfsFunction Function(const std::shared_ptr<Server>& self) {
    return [self](const char* path, struct statvfs& out) { return self->Answer(path, out); };
  }
  void Hold(const std::string& path) {
    const std::lock_guard lock(mutex_);
    held_.insert(path);
  }
  void LetGo(const std::string& path) {
    const std::lock_guard lock(mutex_);
    held_.erase(path);
    changed_.notify_all();
  }

 private:
  int Answer(const std::string& path, struct statvfs& out) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !held_.contains(path); });
    out.f_blocks = path.size();
    return path == "/bad" ? EIO : 0;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> held_;
};

class StatvfsProbeTest : public ::testing::Test {
 protected:
  // Asks until the thread of the question before has come to its end.
  StatvfsResult AskUntilAnswered(const std::string& path) {
    for (;;) {
      const auto result = probe_.Ask(path);
      if (result && result->error != ETIMEDOUT) return *result;
      std::this_thread::yield();
    }
  }

  std::shared_ptr<Server> server_ = std::make_shared<Server>();
  StatvfsProbe probe_{server_->Function(server_)};
};

TEST_F(StatvfsProbeTest, HasNothingAtFirstAndThenTheAnswer) {
  EXPECT_FALSE(probe_.Ask("/data"));
  const StatvfsResult result = AskUntilAnswered("/data");
  EXPECT_EQ(result.error, 0);
  EXPECT_EQ(result.values.f_blocks, 5u);
}

TEST_F(StatvfsProbeTest, SaysTimedOutWhileAServerIsDeadAndRecovers) {
  server_->Hold("/dead");
  EXPECT_FALSE(probe_.Ask("/dead"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(probe_.Ask("/dead")->error, ETIMEDOUT);
  AskUntilAnswered("/live");  // the others do not wait for it
  server_->LetGo("/dead");
  EXPECT_EQ(AskUntilAnswered("/dead").error, 0);
}

TEST_F(StatvfsProbeTest, PassesErrorsOn) {
  EXPECT_EQ(AskUntilAnswered("/bad").error, EIO);
}

TEST_F(StatvfsProbeTest, IsBoundedAndForgetsWhatIsNoLongerAsked) {
  for (std::size_t i = 0; i < StatvfsProbe::kMaxPaths; ++i) probe_.Ask("/" + std::to_string(i));
  EXPECT_EQ(probe_.Ask("/more")->error, EMFILE);
  probe_.ForgetOthers();
  EXPECT_EQ(probe_.Ask("/more")->error, EMFILE);
  probe_.ForgetOthers();
  probe_.ForgetOthers();
  EXPECT_FALSE(probe_.Ask("/more"));
}

}  // namespace
}  // namespace tickbird::samplers
