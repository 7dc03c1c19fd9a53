#include "core/tsdb/store/steady_sources.h"

#include <thread>

#include "tests/unit/tsdb_store/store_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> NamesOf(const OpenSources& open) {
  auto sources = open();
  EXPECT_TRUE(sources);
  std::vector<std::string> names;
  ChunkSeries series;
  while (*sources->front()->Next(&series)) names.push_back(series.labels.ToString());
  return names;
}

TEST(SteadySources, LeaveOutWhatCameAfterTheFirstOpening) {
  std::vector<ChunkSeries> now = {{Metric("b"), {}}, {Metric("d"), {}}};
  const OpenSources open = SteadySources([&] { return std::make_unique<ListSource>(now); });
  EXPECT_THAT(NamesOf(open), ElementsAre("b", "d"));
  now = {{Metric("a"), {}}, {Metric("b"), {}}, {Metric("c"), {}}, {Metric("e"), {}}};
  EXPECT_THAT(NamesOf(open), ElementsAre("b"));
}

/// A new series while the head's block of a snapshot is being written.
TEST(SteadySources, LetSnapshotsBeMadeOfABusyHead) {
  ::tickbird::testing::MemFs fs;
  const auto store = OpenStore(fs, kStart);
  std::atomic<bool> done = false;
  std::jthread writer([&] {
    for (int i = 0; !done; ++i) {
      EXPECT_TRUE(Put(*store, Metric("a", std::to_string(i)), kStart, i));
      if (i > 20'000) return;
    }
  });
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(store->Snapshot(false, kStart + i * kSecondMs));
  done = true;
}

}  // namespace
}  // namespace tickbird::tsdb
