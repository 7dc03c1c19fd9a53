#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/base/clock.h"

struct statvfs;

namespace tickbird::samplers {

/// Processes that are counted together under one groupname. A process belongs to the first group that one of its
/// patterns matches: RE2, anchored at both ends, against the command name (at most 15 bytes, as the kernel keeps it),
/// the path of the executable, and the last part of that path.
struct ProcessGroup {
  std::string name;
  std::vector<std::string> patterns;
};

/// Who this container is, for the labels of container_* series. Dashboards select on container!="" and image!="". An
/// empty value leaves the label out; an empty id is taken from /proc/self/cgroup.
struct ContainerIdentity {
  std::string container;
  std::string pod;
  std::string namespace_name;
  std::string image;
  std::string name;
  std::string id;
};

/// Regular expressions (see NameFilter) with node_exporter's defaults (1.9).
struct SamplerFilters {
  std::string disk_exclude = R"(^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$)";
  std::string network_exclude;
  std::string mount_point_exclude =
      R"(^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/))";
  std::string filesystem_type_exclude =
      "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|"
      "overlay|proc|"
      "procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$";
  std::string vmstat_include = "^(oom_kill|pgpg|pswp|pg.*fault).*";
  /// node_exporter's, and Tcp_MaxConn, which the most used dashboard draws.
  std::string netstat_include =
      "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|"
      "TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|"
      "Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab|MaxConn)|"
      "Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$";
  /// The root of a container is an overlay, which the default type filter drops: keep it, so that "Root FS" panels show
  /// it.
  bool keep_overlay_root = true;
  /// Network and FUSE filesystems: asking a dead server for its size blocks for minutes, so they are left out unless
  /// this is set; then they are asked on threads of their own (see filesystem/statvfs_probe.h).
  bool network_filesystems = false;
};

/// Bounds on what a host can make us keep. What is over them is not recorded and counted in CollectorStats::dropped.
struct SamplerLimits {
  std::size_t devices = 256;  ///< disks, interfaces, mounts: each
  std::size_t cpus = 1024;
  std::size_t fields = 512;     ///< named fields of meminfo, vmstat, netstat: each
  std::size_t processes = 256;  ///< members of all process groups together
};

struct SamplerOptions {
  std::string procfs = "/proc";
  std::string sysfs = "/sys";
  std::string cgroupfs = "/sys/fs/cgroup";
  /// Where the host's root is mounted; "/" when it is ours. Set it with procfs when running in a container that watches
  /// its host: then the mounts of process 1 are read, and looked at below this directory.
  std::string rootfs = "/";

  std::vector<std::string> collectors;  ///< names as in CollectorNames(); empty for all
  SamplerFilters filters;
  SamplerLimits limits;
  std::vector<ProcessGroup> process_groups;
  ContainerIdentity container;

  std::string instance;      ///< label of every series
  std::string job = "node";  ///< label of every series but process_*, whose job is "tickbird"

  /// How often costly sources are read (see the table in README.md), however often Sample is called. Under the 5
  /// minutes after which a query no longer sees a value.
  DurationMs slow_every = 5 * kSecondMs;

  /// 0 asks the system. Tests on fixture trees fix it.
  std::size_t page_size = 0;
  /// statvfs(2) unless set; returns 0 or an errno. Called from several threads when network filesystems are on.
  std::function<int(const char* path, struct statvfs& out)> statvfs;
};

}  // namespace tickbird::samplers
