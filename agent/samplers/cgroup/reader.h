#pragma once

#include <memory>
#include <span>
#include <string>

#include "agent/samplers/cgroup/parse.h"
#include "agent/samplers/cgroup/values.h"
#include "agent/samplers/proc_file.h"
#include "core/base/result.h"

namespace tickbird::samplers {

/// The hierarchies of v1, in each of which a process has a cgroup of its own. In v2 they are one.
enum class CgroupController { kCpu, kMemory, kIo, kTasks, kPressure };

/// What reading a file needs: the round, for files that are rarely tried, and where to read to.
struct Reading {
  std::uint64_t round = 0;
  ReadBuffer& buffer;
};

/// Reads the files of one cgroup; keeps them open. Not thread safe.
class CgroupReader {
 public:
  virtual ~CgroupReader() = default;
  /// Fills `values` (which holds nothing yet) with what there is. A file that is missing or forbidden leaves its values
  /// absent; one that cannot be understood is kParse.
  virtual Status Read(const Reading& reading, CgroupValues& values) = 0;
  /// The directory with the cgroup's process list, of the memory controller in v1.
  virtual const std::string& directory() const = 0;
  /// The path of our cgroup in a hierarchy, as /proc/self/cgroup has it: the `id` of its series. In a container all are
  /// alike; on a host with v1 they may differ, and then so do the things that the values are about.
  virtual const std::string& PathIn(CgroupController controller) const = 0;
};

/// A cgroup of the unified hierarchy.
std::unique_ptr<CgroupReader> MakeCgroupV2Reader(const std::string& cgroupfs, std::span<const CgroupPath> paths);

/// The cgroups of a v1 machine, one directory for each controller below `cgroupfs`. On a hybrid machine the pressure
/// comes from the unified directory.
std::unique_ptr<CgroupReader> MakeCgroupV1Reader(const std::string& cgroupfs, std::span<const CgroupPath> paths);

// For the readers: a file that cannot be read leaves the value absent.
Status ReadNumber(OptionalFile& file, const Reading& reading, CgroupValues::Value& value, double divide_by = 1);
Status ReadLimit(OptionalFile& file, const Reading& reading, CgroupValues::Value& value);
Status ReadKeyed(OptionalFile& file, const Reading& reading, std::span<const WantedKey> wanted);

/// The cpu, memory and io.pressure files of one directory.
class PressureFiles {
 public:
  explicit PressureFiles(const std::string& directory);
  Status Read(const Reading& reading, CgroupValues& values);

 private:
  OptionalFile cpu_;
  OptionalFile memory_;
  OptionalFile io_;
};

/// The working set as kubelet counts it: the usage without the file pages that are reclaimed first, not below 0.
CgroupValues::Value WorkingSet(const CgroupValues::Value& usage, const CgroupValues::Value& inactive_file);

/// `root` + `path` if there is such a directory, else `root`: inside a container the path is often the host's, while
/// the mount shows the container's own cgroup as its root.
std::string CgroupDirectory(const std::string& root, const std::string& path);

/// Which layout `cgroupfs` has, and a reader of this process's cgroup in it. `id` becomes its path. kNotFound when
/// there is none.
Result<std::unique_ptr<CgroupReader>> FindOwnCgroup(const std::string& procfs, const std::string& cgroupfs,
                                                    ReadBuffer& buffer);

}  // namespace tickbird::samplers
