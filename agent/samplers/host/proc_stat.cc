#include "agent/samplers/host/proc_stat.h"

#include <string>

#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

constexpr std::size_t kModesOfOldestKernel = 4;

bool ParseCpu(std::string_view id, std::string_view rest, ProcStat::Cpu& cpu) {
  std::uint64_t number = 0;
  if (!ParseUint(id, number) || number > kMaxCpuId) return false;
  cpu.id = static_cast<std::uint32_t>(number);
  for (std::size_t mode = 0; mode < ProcStat::kModes; ++mode) {
    const std::string_view field = TakeField(rest);
    if (field.empty()) return mode >= kModesOfOldestKernel;
    if (!ParseUint(field, cpu.ticks[mode])) return false;
  }
  return true;
}

// Where the value of a line with this name goes, or nullptr.
std::uint64_t* Destination(std::string_view name, ProcStat& out) {
  if (name == "intr") return &out.interrupts;
  if (name == "ctxt") return &out.context_switches;
  if (name == "processes") return &out.forks;
  if (name == "btime") return &out.boot_time_seconds;
  if (name == "procs_running") return &out.procs_running;
  if (name == "procs_blocked") return &out.procs_blocked;
  return nullptr;
}

}  // namespace

Status ParseProcStat(std::string_view text, ProcStat& out) {
  out.cpus.clear();
  bool has_boot_time = false;
  for (Lines lines(text); lines.Next();) {
    std::string_view rest = lines.line();
    const std::string_view name = TakeField(rest);
    if (name.starts_with("cpu") && name.size() > 3) {
      if (!ParseCpu(name.substr(3), rest, out.cpus.emplace_back())) {
        return MalformedLine("/proc/stat", lines.number(), "cpuN and at least 4 numbers", lines.line());
      }
    } else if (std::uint64_t* const destination = Destination(name, out)) {
      if (!TakeUint(rest, *destination)) {
        return MalformedLine("/proc/stat", lines.number(), "a name and a number", lines.line());
      }
      has_boot_time |= destination == &out.boot_time_seconds;
    }
  }
  if (out.cpus.empty() || !has_boot_time) {
    return Error{.code = ErrorCode::kParse,
                 .message = "/proc/stat: no cpu lines or no btime: the text is cut or is another file's"};
  }
  return {};
}

Status ProcStatFile::Refresh(Batch& batch) {
  if (round_ == batch.round()) return status_;
  round_ = batch.round();
  const Result<std::string_view> text = file_.Read(batch.buffer());
  status_ = text ? ParseProcStat(*text, stat_) : Status(text.error());
  return status_;
}

}  // namespace tickbird::samplers
