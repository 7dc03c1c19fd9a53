#include "agent/samplers/filesystem/filesystem.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <optional>
#include <string>

#include "agent/samplers/filesystem/mounts.h"
#include "agent/samplers/filesystem/statvfs_probe.h"
#include "agent/samplers/name_filter.h"
#include "agent/samplers/proc_file.h"

namespace tickbird::samplers {
namespace {

constexpr MetricType kGauge = MetricType::kGauge;
enum : std::size_t { kSize, kFree, kAvail, kFiles, kFilesFree, kReadOnly, kDeviceError };
constexpr Column kColumns[] = {
    {"node_filesystem_size_bytes", kGauge, "Filesystem size in bytes."},
    {"node_filesystem_free_bytes", kGauge, "Filesystem free space in bytes."},
    {"node_filesystem_avail_bytes", kGauge, "Filesystem space available to non-root users in bytes."},
    {"node_filesystem_files", kGauge, "Filesystem total file nodes."},
    {"node_filesystem_files_free", kGauge, "Filesystem total free file nodes."},
    {"node_filesystem_readonly", kGauge, "Filesystem read-only status."},
    {"node_filesystem_device_error", kGauge,
     "Whether an error occurred while getting statistics for the given device."},
};

int SystemStatvfs(const char* path, struct statvfs& out) {
  return ::statvfs(path, &out) == 0 ? 0 : errno;
}

struct Filters {
  NameFilter mount_points;
  NameFilter types;
};

class FilesystemCollector final : public Collector {
 public:
  FilesystemCollector(const CollectorContext& context, Filters filters)
      : Collector(context, context.options.limits.devices),
        options_(context.options),
        filters_(std::move(filters)),
        statvfs_(context.options.statvfs ? context.options.statvfs : SystemStatvfs),
        probe_(statvfs_) {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(const std::vector<Mount> mounts, ReadMounts(batch));
    for (const Mount& mount : mounts) Append(batch, mount);
    probe_.ForgetOthers();
    return {};
  }

  Result<std::vector<Mount>> ReadMounts(Batch& batch) const {
    const std::string process = options_.procfs + (options_.rootfs == "/" ? "/self" : "/1");
    Result<std::string_view> text = ReadOnce(process + "/mountinfo", batch.buffer());
    if (text) return ParseMountinfo(*text);
    if (text.error().code != ErrorCode::kNotFound) return text.error();
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view mounts, ReadOnce(process + "/mounts", batch.buffer()));
    return ParseMounts(mounts);
  }

  bool IsWanted(const Mount& mount) const {
    if (filters_.mount_points.Picks(mount.mount_point)) return false;
    if (!options_.filters.network_filesystems && MayHang(mount.type)) return false;
    if (options_.filters.keep_overlay_root && mount.mount_point == "/" && mount.type == "overlay") return true;
    return !filters_.types.Picks(mount.type);
  }

  void Append(Batch& batch, const Mount& mount) {
    const std::string key = mount.device + '\n' + mount.mount_point + '\n' + mount.type;
    Row* const row = table_.Touch(batch, key, [&](RowBuilder& builder) {
      if (!IsWanted(mount)) return;
      builder.Label("device", mount.device).Label("mountpoint", mount.mount_point).Label("fstype", mount.type);
      builder.Add(kColumns);
    });
    if (row == nullptr) return;
    const std::optional<StatvfsResult> result = Ask(mount);
    if (!result) return;
    row->Set(batch, kReadOnly, mount.is_read_only ? 1.0 : 0.0);
    row->Set(batch, kDeviceError, result->error != 0 ? 1.0 : 0.0);
    if (result->error == 0) AppendSizes(batch, *row, result->values);
  }

  std::optional<StatvfsResult> Ask(const Mount& mount) {
    const std::string path = options_.rootfs == "/" ? mount.mount_point : options_.rootfs + mount.mount_point;
    if (MayHang(mount.type)) return probe_.Ask(path);
    StatvfsResult result;
    result.error = statvfs_(path.c_str(), result.values);
    return result;
  }

  static void AppendSizes(Batch& batch, Row& row, const struct statvfs& values) {
    const double block_bytes = static_cast<double>(values.f_frsize);
    row.Set(batch, kSize, static_cast<double>(values.f_blocks) * block_bytes);
    row.Set(batch, kFree, static_cast<double>(values.f_bfree) * block_bytes);
    row.Set(batch, kAvail, static_cast<double>(values.f_bavail) * block_bytes);
    row.Set(batch, kFiles, static_cast<double>(values.f_files));
    row.Set(batch, kFilesFree, static_cast<double>(values.f_ffree));
  }

  const SamplerOptions& options_;
  Filters filters_;
  StatvfsFunction statvfs_;
  StatvfsProbe probe_;
};

}  // namespace

Result<std::unique_ptr<Collector>> MakeFilesystemCollector(const CollectorContext& context) {
  const SamplerFilters& settings = context.options.filters;
  Filters filters;
  TICKBIRD_ASSIGN_OR_RETURN(filters.mount_points,
                            NameFilter::Create("mount_point_exclude", settings.mount_point_exclude));
  TICKBIRD_ASSIGN_OR_RETURN(filters.types,
                            NameFilter::Create("filesystem_type_exclude", settings.filesystem_type_exclude));
  return std::make_unique<FilesystemCollector>(context, std::move(filters));
}

}  // namespace tickbird::samplers
