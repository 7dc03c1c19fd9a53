#include "agent/samplers/filesystem/mounts.h"

#include <algorithm>
#include <string>

#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

bool IsOctal(char c) {
  return c >= '0' && c <= '7';
}

// \040 and its like: the kernel writes blanks, tabs, newlines, backslashes and # so.
std::string Unescape(std::string_view field) {
  std::string out;
  out.reserve(field.size());
  for (std::size_t i = 0; i < field.size(); ++i) {
    const bool is_escape = field[i] == '\\' && i + 3 < field.size() && field[i + 1] >= '0' && field[i + 1] <= '3' &&
                           IsOctal(field[i + 2]) && IsOctal(field[i + 3]);
    if (is_escape) {
      out += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0'));
      i += 3;
    } else {
      out += field[i];
    }
  }
  return out;
}

bool HasOption(std::string_view options, std::string_view wanted) {
  while (!options.empty()) {
    const std::size_t comma = std::min(options.find(','), options.size());
    if (options.substr(0, comma) == wanted) return true;
    options.remove_prefix(std::min(comma + 1, options.size()));
  }
  return false;
}

bool ParseMountinfoLine(std::string_view line, Mount& mount) {
  for (int skipped = 0; skipped < 4; ++skipped) TakeField(line);  // id, parent, major:minor, root
  mount.mount_point = Unescape(TakeField(line));
  const std::string_view options = TakeField(line);
  // Any number of optional fields, ended by a hyphen.
  std::string_view field = TakeField(line);
  while (!field.empty() && field != "-") field = TakeField(line);
  mount.type = Unescape(TakeField(line));
  mount.device = Unescape(TakeField(line));
  const std::string_view superblock_options = TakeField(line);
  mount.is_read_only = HasOption(options, "ro") || HasOption(superblock_options, "ro");
  return field == "-" && !mount.mount_point.empty() && !superblock_options.empty();
}

bool ParseMountsLine(std::string_view line, Mount& mount) {
  mount.device = Unescape(TakeField(line));
  mount.mount_point = Unescape(TakeField(line));
  mount.type = Unescape(TakeField(line));
  const std::string_view options = TakeField(line);
  mount.is_read_only = HasOption(options, "ro");
  return !options.empty();
}

}  // namespace

Result<std::vector<Mount>> ParseMountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  for (Lines lines(text); lines.Next();) {
    if (!ParseMountinfoLine(lines.line(), mounts.emplace_back())) {
      return MalformedLine("mountinfo", lines.number(), "id parent dev root point options ... - type source options",
                           lines.line());
    }
  }
  if (mounts.empty()) return Error{.code = ErrorCode::kParse, .message = "mountinfo is empty"};
  return mounts;
}

Result<std::vector<Mount>> ParseMounts(std::string_view text) {
  std::vector<Mount> mounts;
  for (Lines lines(text); lines.Next();) {
    if (!ParseMountsLine(lines.line(), mounts.emplace_back())) {
      return MalformedLine("mounts", lines.number(), "device point type options", lines.line());
    }
  }
  if (mounts.empty()) return Error{.code = ErrorCode::kParse, .message = "mounts is empty"};
  return mounts;
}

bool MayHang(std::string_view type) {
  static constexpr std::string_view kTypes[] = {"9p",    "afs",      "beegfs", "ceph",   "cifs",  "coda", "davfs",
                                                "fuse",  "gfs2",     "gpfs",   "lustre", "ncpfs", "nfs",  "nfs4",
                                                "ocfs2", "orangefs", "pvfs2",  "smb3",   "smbfs"};
  return type.starts_with("fuse.") || std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

}  // namespace tickbird::samplers
