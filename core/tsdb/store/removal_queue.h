#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/fs.h"

namespace tickbird::tsdb {

/// Blocks that have to leave the data directory. They go in the order given, whatever fails: the inputs of a block go
/// before that block may, else they would come back at the next start. What fails is tried again by the next Run. Not
/// thread safe.
class RemovalQueue {
 public:
  RemovalQueue(Fs& fs, std::string directory) : fs_(fs), directory_(std::move(directory)) {}

  /// Renames the block to <ULID>.tmp-for-deletion, then removes that.
  void Remove(const std::string& ulid) { steps_.push_back({ulid, Kind::kRemove}); }
  /// Renames the block to <ULID>.damaged.
  void SetAside(const std::string& ulid) { steps_.push_back({ulid, Kind::kSetAside}); }
  /// Removes a path that no start takes for a block; waits for nothing.
  void RemoveLeftover(const std::string& path) { steps_.push_back({path, Kind::kLeftover}); }

  /// Returns the first failure.
  Status Run();
  std::size_t size() const { return steps_.size(); }

 private:
  enum class Kind { kRemove, kSetAside, kLeftover };
  struct Step {
    std::string name;
    Kind kind;
  };
  /// Renames durably; fine when it is done already.
  Status MoveAway(const std::string& from, const std::string& to);
  Status MoveAway(const Step& step);

  Fs& fs_;
  std::string directory_;
  std::vector<Step> steps_;
};

}  // namespace tickbird::tsdb
