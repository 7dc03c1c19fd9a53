#include "agent/samplers/process/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

GroupTotals::State StateOf(char letter) {
  switch (letter) {
    case 'R':
      return GroupTotals::kRunning;
    case 'S':
    case 'I':
      return GroupTotals::kSleeping;
    case 'D':
      return GroupTotals::kWaiting;
    case 'Z':
      return GroupTotals::kZombie;
    default:
      return GroupTotals::kOther;
  }
}

// Adds what a counter of one process has gained since it was last counted. It cannot fall while the process lives.
void Count(double& total, std::uint64_t now, std::uint64_t counted) {
  if (now > counted) total += static_cast<double>(now - counted);
}

// The first member with this pid or a higher one.
auto FirstFrom(auto& members, int pid) {
  return std::lower_bound(members.begin(), members.end(), pid,
                          [](const auto& member, int wanted) { return member.pid < wanted; });
}

void Add(std::optional<std::uint64_t>& total, std::uint64_t value) {
  total = total.value_or(0) + value;
}

}  // namespace

ProcessTable::ProcessTable(std::string procfs, GroupMatcher matcher, std::size_t groups, std::size_t max_members)
    : procfs_(std::move(procfs)), matcher_(std::move(matcher)), max_members_(max_members), groups_(groups) {}

ProcessTable::~ProcessTable() {
  for (const Member& member : members_) close(member.directory_fd);
}

Status ProcessTable::StartScan() {
  DIR* const directory = opendir(procfs_.c_str());
  if (directory == nullptr) return ErrnoError(errno, "list " + procfs_);
  to_look_at_.clear();
  while (const dirent* const entry = readdir(directory)) {
    std::uint64_t pid = 0;
    if (ParseUint(entry->d_name, pid) && pid <= INT32_MAX) to_look_at_.push_back(static_cast<int>(pid));
  }
  closedir(directory);
  std::sort(to_look_at_.rbegin(), to_look_at_.rend());
  return {};
}

void ProcessTable::ContinueScan(ReadBuffer& buffer) {
  std::size_t left = is_first_scan_ ? to_look_at_.size() : kLookedAtPerCall;
  while (left-- > 0 && !to_look_at_.empty()) {
    const int pid = to_look_at_.back();
    to_look_at_.pop_back();
    if (!IsMember(pid)) LookAt(pid, buffer);
  }
  is_first_scan_ = false;
}

bool ProcessTable::IsMember(int pid) const {
  const auto at = FirstFrom(members_, pid);
  return at != members_.end() && at->pid == pid;
}

std::string ProcessTable::Executable(int directory_fd) const {
  char path[4096];
  const ssize_t length = readlinkat(directory_fd, "exe", path, sizeof path);
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : std::string();
}

void ProcessTable::LookAt(int pid, ReadBuffer& buffer) {
  const std::string directory = procfs_ + "/" + std::to_string(pid);
  const int directory_fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory_fd < 0) return;  // has ended since the listing
  const Result<std::string_view> text = ReadOnceAt(directory_fd, "stat", buffer);
  const Result<PidStat> stat = text ? ParsePidStat(*text) : Result<PidStat>(text.error());
  const std::optional<std::size_t> group =
      stat ? matcher_.Match(stat->command, Executable(directory_fd)) : std::nullopt;
  if (!group || members_.size() >= max_members_) {
    dropped_ += group.has_value();
    close(directory_fd);
    return;
  }
  Member member;
  member.pid = pid;
  member.directory_fd = directory_fd;
  member.stat = ProcFile(directory + "/stat");
  member.group = *group;
  member.command = stat->command;
  member.start_ticks = stat->start_ticks;
  members_.insert(FirstFrom(members_, pid), std::move(member));
}

void ProcessTable::Refresh(ReadBuffer& buffer) {
  for (GroupTotals& group : groups_) {
    group.processes = group.threads = group.resident_pages = group.virtual_bytes = 0;
    group.states = {};
    group.oldest_start_ticks.reset();
  }
  std::erase_if(members_, [&](Member& member) {
    if (RefreshMember(member, buffer)) return false;
    close(member.directory_fd);
    return true;
  });
}

// False when the process has ended or is another program now: the next scan finds what it has become.
bool ProcessTable::RefreshMember(Member& member, ReadBuffer& buffer) {
  const Result<std::string_view> text = member.stat.Read(buffer);
  if (!text) return false;
  const Result<PidStat> stat = ParsePidStat(*text);
  if (!stat) return false;
  if (stat->start_ticks != member.start_ticks) return false;  // another process under the same number
  if (stat->command != member.command) {
    if (matcher_.Match(stat->command, Executable(member.directory_fd)) != member.group) return false;
    member.command = stat->command;
  }
  GroupTotals& group = groups_[member.group];
  Count(group.user_ticks, stat->user_ticks, member.counted.user_ticks);
  Count(group.system_ticks, stat->system_ticks, member.counted.system_ticks);
  Count(group.minor_faults, stat->minor_faults, member.counted.minor_faults);
  Count(group.major_faults, stat->major_faults, member.counted.major_faults);
  member.counted = *stat;
  member.counted.command = {};  // was a view into the buffer
  ++group.processes;
  group.threads += stat->threads;
  group.resident_pages += stat->resident_pages;
  group.virtual_bytes += stat->virtual_bytes;
  ++group.states[StateOf(stat->state)];
  group.oldest_start_ticks = std::min(group.oldest_start_ticks.value_or(stat->start_ticks), stat->start_ticks);
  return true;
}

void ProcessTable::StartDetails() {
  if (pass_at_pid_) return;
  pass_at_pid_ = 0;
  pass_.assign(groups_.size(), {});
}

bool ProcessTable::ContinueDetails(ReadBuffer& buffer) {
  if (!pass_at_pid_) return false;
  auto member = FirstFrom(members_, *pass_at_pid_);
  const auto left = static_cast<std::size_t>(members_.end() - member);
  const auto end = member + static_cast<std::ptrdiff_t>(is_first_pass_ ? left : std::min(left, kDetailedPerCall));
  for (; member != end; ++member) ReadDetails(*member, buffer);
  if (end != members_.end()) {
    pass_at_pid_ = end->pid;
    return false;
  }
  for (std::size_t i = 0; i < groups_.size(); ++i) groups_[i].details = pass_[i];
  pass_at_pid_.reset();
  is_first_pass_ = false;
  return true;
}

void ProcessTable::ReadDetails(Member& member, ReadBuffer& buffer) {
  GroupTotals& group = groups_[member.group];
  GroupDetails& details = pass_[member.group];
  // Each may be forbidden by itself, or fail because the process has just ended.
  if (const auto text = ReadOnceAt(member.directory_fd, "io", buffer)) {
    if (const auto io = ParsePidIo(*text)) {
      Count(group.read_bytes, io->read_bytes, member.counted_io.read_bytes);
      Count(group.write_bytes, io->write_bytes, member.counted_io.write_bytes);
      member.counted_io = *io;
      group.has_io = true;
    }
  }
  if (const auto text = ReadOnceAt(member.directory_fd, "status", buffer)) {
    if (const auto status = ParsePidStatus(*text)) {
      Count(group.voluntary_switches, status->voluntary_switches, member.counted_status.voluntary_switches);
      Count(group.involuntary_switches, status->involuntary_switches, member.counted_status.involuntary_switches);
      member.counted_status = *status;
      Add(details.swap_bytes, status->swap_bytes);
    }
  }
  if (const auto text = ReadOnceAt(member.directory_fd, "smaps_rollup", buffer)) {
    if (const auto smaps = ParsePidSmaps(*text)) {
      Add(details.pss_bytes, smaps->pss_bytes);
      Add(details.swap_pss_bytes, smaps->swap_pss_bytes);
    }
  }
  ReadOpenFiles(member, buffer, details);
}

void ProcessTable::ReadOpenFiles(const Member& member, ReadBuffer& buffer, GroupDetails& details) {
  const Result<std::uint64_t> open_files = CountOpenFiles(member.directory_fd, "fd");
  if (!open_files) return;
  Add(details.open_files, *open_files);
  const Result<std::string_view> text = ReadOnceAt(member.directory_fd, "limits", buffer);
  if (!text) return;
  const Result<PidLimits> limits = ParsePidLimits(*text);
  if (!limits || !limits->open_files || *limits->open_files == 0) return;
  const double ratio = static_cast<double>(*open_files) / static_cast<double>(*limits->open_files);
  details.worst_fd_ratio = std::max(details.worst_fd_ratio.value_or(0), ratio);
}

}  // namespace tickbird::samplers
