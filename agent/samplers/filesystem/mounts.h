#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace tickbird::samplers {

/// One mounted filesystem, with the kernel's octal escapes undone.
struct Mount {
  std::string device;
  std::string mount_point;
  std::string type;
  bool is_read_only = false;  ///< the mount or its superblock
};

/// /proc/<pid>/mountinfo (proc_pid_mountinfo(5)). kParse at the first line that is not of that form.
Result<std::vector<Mount>> ParseMountinfo(std::string_view text);
/// /proc/<pid>/mounts (fstab(5)), for kernels and sandboxes without mountinfo.
Result<std::vector<Mount>> ParseMounts(std::string_view text);

/// True for types whose statvfs asks another machine or a user's process, and so may not return: nfs, cifs, ceph,
/// fuse.*, ...
bool MayHang(std::string_view filesystem_type);

}  // namespace tickbird::samplers
