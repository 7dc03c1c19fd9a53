#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/samplers/options.h"
#include "agent/samplers/proc_file.h"
#include "agent/samplers/process/group_matcher.h"
#include "agent/samplers/process/pid_files.h"

namespace tickbird::samplers {

/// Gauges of a group that are costly to read. Absent while no process of the group lets us read them (another user's,
/// without CAP_SYS_PTRACE).
struct GroupDetails {
  std::optional<std::uint64_t> open_files;
  std::optional<double> worst_fd_ratio;
  std::optional<std::uint64_t> swap_bytes;
  std::optional<std::uint64_t> pss_bytes;
  std::optional<std::uint64_t> swap_pss_bytes;
};

/// What a group's processes amount to. Counters include the processes that have ended and never fall.
struct GroupTotals {
  enum State { kRunning, kSleeping, kWaiting, kZombie, kOther, kStates };

  // By Refresh.
  double user_ticks = 0;
  double system_ticks = 0;
  double minor_faults = 0;
  double major_faults = 0;
  std::uint64_t processes = 0;
  std::uint64_t threads = 0;
  std::uint64_t resident_pages = 0;
  std::uint64_t virtual_bytes = 0;
  std::array<std::uint64_t, kStates> states = {};
  std::optional<std::uint64_t> oldest_start_ticks;

  // By ContinueDetails.
  double read_bytes = 0;
  double write_bytes = 0;
  double voluntary_switches = 0;
  double involuntary_switches = 0;
  bool has_io = false;
  GroupDetails details;  ///< of the last pass that was finished
};

/// The processes of the groups. A member is found by scanning /proc, and then held by open descriptors of its directory
/// and its stat file: these name that one process, whatever becomes of its number. Its end shows as a failed read.
///
/// Bounds: at most `max_members` members, two descriptors each; further ones are counted in dropped(). A scan looks at
/// up to kLookedAtPerCall processes per call and so is spread over several, except for the first; a pass over the
/// details reads kDetailedPerCall members per call, for one smaps_rollup of a large process takes a millisecond. Not
/// thread safe.
class ProcessTable {
 public:
  static constexpr std::size_t kLookedAtPerCall = 128;
  static constexpr std::size_t kDetailedPerCall = 8;

  ProcessTable(std::string procfs, GroupMatcher matcher, std::size_t groups, std::size_t max_members);
  ~ProcessTable();

  /// Lists /proc; the following calls of ContinueScan look at what it found.
  Status StartScan();
  void ContinueScan(ReadBuffer& buffer);
  /// Reads the stat file of every member: CPU, faults, memory, threads, states.
  void Refresh(ReadBuffer& buffer);
  /// Begins a pass, unless one is under way. ContinueDetails then reads what costs more of each member: I/O, context
  /// switches, open files, swap, PSS; true when the pass is finished and the groups' details are new.
  void StartDetails();
  bool ContinueDetails(ReadBuffer& buffer);

  const std::vector<GroupTotals>& groups() const { return groups_; }
  std::size_t member_count() const { return members_.size(); }
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Member {
    int pid = 0;
    int directory_fd = -1;
    ProcFile stat{""};
    std::size_t group = 0;
    std::string command;
    std::uint64_t start_ticks = 0;
    // What the group's counters already hold of it.
    PidStat counted;
    PidIo counted_io;
    PidStatus counted_status;
  };

  bool IsMember(int pid) const;
  void LookAt(int pid, ReadBuffer& buffer);
  std::string Executable(int directory_fd) const;
  bool RefreshMember(Member& member, ReadBuffer& buffer);
  void ReadDetails(Member& member, ReadBuffer& buffer);
  static void ReadOpenFiles(const Member& member, ReadBuffer& buffer, GroupDetails& details);

  std::string procfs_;
  GroupMatcher matcher_;
  std::size_t max_members_;
  std::vector<GroupTotals> groups_;
  std::vector<Member> members_;  // sorted by pid
  std::vector<int> to_look_at_;  // of the scan, backwards
  bool is_first_scan_ = true;
  std::uint64_t dropped_ = 0;

  // The pass over the details: what it has found so far, and the pid that it goes on from.
  std::vector<GroupDetails> pass_;
  std::optional<int> pass_at_pid_;
  bool is_first_pass_ = true;
};

}  // namespace tickbird::samplers
