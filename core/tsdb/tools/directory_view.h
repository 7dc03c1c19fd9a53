#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/model/queryable.h"
#include "core/tsdb/block/block.h"
#include "core/tsdb/head/head.h"
#include "core/tsdb/store/data_directory.h"
#include "core/tsdb/tools/overlay_fs.h"

namespace tickbird::tsdb {

/// The logs of any store fit: the limits of a running agent are not those of a tool.
HeadOptions UnlimitedHeadOptions();

struct ViewOptions {
  bool with_head = true;  ///< Replays the logs into memory; without, only blocks are seen.
};

/// What a data directory holds, ours or Prometheus', in use by a running agent or not: blocks, and what its logs bring
/// back. Nothing in it is changed, locked or repaired; what a start would repair is repaired in memory. While an agent
/// writes there, the view is that of the moment it was opened. Thread safe.
class DirectoryView final : public Queryable {
 public:
  /// kNotFound: no such directory. kUnsupported: written by a version that we do not know. kPermissionDenied: by
  /// another user. `fs` must outlive the view.
  static Result<std::unique_ptr<DirectoryView>> Open(Fs& fs, const std::string& directory, ViewOptions options,
                                                     TimestampMs now);

  /// By time.
  const std::vector<std::shared_ptr<Block>>& blocks() const { return blocks_; }
  /// Null when it was not asked for, or when there are no logs.
  Head* head() const { return head_.get(); }
  /// One sentence for each thing that is not in the view: damaged blocks, logs that cannot be read.
  const std::vector<std::string>& notes() const { return notes_; }

  Result<std::vector<SelectedSeries>> Select(const Selection& selection) const override;
  std::vector<std::string> LabelNames(const std::vector<Matcher>& matchers) const override;
  std::vector<std::string> LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const override;
  std::map<std::string, MetricMetadata, std::less<>> Metadata() const override;

 private:
  explicit DirectoryView(Fs& fs) : overlay_(fs) {}
  void OpenHead(const std::string& directory, TimestampMs now);
  /// Older samples first: blocks, then the head.
  std::vector<const Queryable*> Parts() const;

  OverlayFs overlay_;
  std::vector<std::shared_ptr<Block>> blocks_;
  std::unique_ptr<Head> head_;
  std::vector<std::string> notes_;
};

}  // namespace tickbird::tsdb
