#include "core/tsdb/tools/overlay_fs.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace tickbird::tsdb {
namespace {

std::string ParentOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string NameOf(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

bool IsUnder(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

Error NotThere(const std::string& path) {
  return {ErrorCode::kNotFound, fmt::format("{}: no such file", path)};
}

class NoLock final : public FileLock {};

}  // namespace

class OverlayFs::File final : public WritableFile {
 public:
  File(OverlayFs& fs, Content content) : fs_(fs), content_(std::move(content)) {}
  Status Append(std::string_view bytes) override {
    const MutexLock lock(fs_.mutex_);
    *content_ += bytes;
    return {};
  }
  Status Sync() override { return {}; }
  Status Truncate(std::int64_t size) override {
    const MutexLock lock(fs_.mutex_);
    content_->resize(static_cast<std::size_t>(size));
    return {};
  }

 private:
  OverlayFs& fs_;
  Content content_;
};

/// A changed file, as it is when it is read.
class OverlayFs::ReadFile final : public RandomAccessFile {
 public:
  ReadFile(OverlayFs& fs, Content content)
      : fs_(fs), content_(std::move(content)), size_(static_cast<std::int64_t>(content_->size())) {}
  std::int64_t size() const override { return size_; }
  Status ReadAt(std::int64_t offset, std::span<char> out) const override {
    const MutexLock lock(fs_.mutex_);
    if (offset < 0 || static_cast<std::size_t>(offset) > content_->size() ||
        out.size() > content_->size() - static_cast<std::size_t>(offset)) {
      return Error{ErrorCode::kOutOfBounds, "read past the end of a file"};
    }
    std::copy_n(content_->begin() + offset, out.size(), out.begin());
    return {};
  }

 private:
  OverlayFs& fs_;
  Content content_;
  std::int64_t size_;
};

bool OverlayFs::IsHidden(const std::string& path) const {
  for (std::string at = path; !at.empty(); at = ParentOf(at)) {
    if (hidden_.contains(at)) return true;
  }
  return false;
}

Result<OverlayFs::Content> OverlayFs::ContentOf(const std::string& path) {
  if (const auto found = files_.find(path); found != files_.end()) return found->second;
  if (IsHidden(path)) return NotThere(path);
  TICKBIRD_ASSIGN_OR_RETURN(std::string bytes, below_.Read(path));
  return std::make_shared<std::string>(std::move(bytes));
}

Status OverlayFs::Put(const std::string& path, Content content) {
  files_[path] = std::move(content);
  return {};
}

Result<std::unique_ptr<WritableFile>> OverlayFs::Create(const std::string& path) {
  const MutexLock lock(mutex_);
  auto content = std::make_shared<std::string>();
  TICKBIRD_RETURN_IF_ERROR(Put(path, content));
  return std::make_unique<File>(*this, std::move(content));
}

Result<std::unique_ptr<WritableFile>> OverlayFs::OpenAppend(const std::string& path) {
  const MutexLock lock(mutex_);
  auto content = ContentOf(path);
  if (!content && content.error().code != ErrorCode::kNotFound) return content.error();
  Content changed = content ? *content : std::make_shared<std::string>();
  TICKBIRD_RETURN_IF_ERROR(Put(path, changed));
  return std::make_unique<File>(*this, std::move(changed));
}

Result<std::unique_ptr<RandomAccessFile>> OverlayFs::OpenRead(const std::string& path) {
  const MutexLock lock(mutex_);
  if (const auto found = files_.find(path); found != files_.end())
    return std::make_unique<ReadFile>(*this, found->second);
  if (IsHidden(path)) return NotThere(path);
  return below_.OpenRead(path);
}

Result<std::string> OverlayFs::Read(const std::string& path, std::int64_t limit_bytes) {
  const MutexLock lock(mutex_);
  if (const auto found = files_.find(path); found != files_.end()) return *found->second;
  if (IsHidden(path)) return NotThere(path);
  return below_.Read(path, limit_bytes);
}

Result<std::int64_t> OverlayFs::Size(const std::string& path) {
  const MutexLock lock(mutex_);
  if (const auto found = files_.find(path); found != files_.end())
    return static_cast<std::int64_t>(found->second->size());
  if (IsHidden(path)) return NotThere(path);
  return below_.Size(path);
}

Result<std::vector<std::string>> OverlayFs::List(const std::string& directory) {
  const MutexLock lock(mutex_);
  std::set<std::string> names;
  bool exists = directories_.contains(directory);
  if (!IsHidden(directory)) {
    auto below = below_.List(directory);
    if (!below && (below.error().code != ErrorCode::kNotFound || !exists)) return below.error();
    if (below) {
      exists = true;
      for (std::string& name : *below) {
        if (!hidden_.contains(JoinPath(directory, name))) names.insert(std::move(name));
      }
    }
  }
  for (const auto& [path, content] : files_) {
    if (ParentOf(path) == directory) names.insert(NameOf(path));
  }
  for (const std::string& path : directories_) {
    if (ParentOf(path) == directory) names.insert(NameOf(path));
  }
  if (!exists && names.empty()) return NotThere(directory);
  return std::vector<std::string>(names.begin(), names.end());
}

bool OverlayFs::Exists(const std::string& path) {
  const MutexLock lock(mutex_);
  return files_.contains(path) || directories_.contains(path) || (!IsHidden(path) && below_.Exists(path));
}

Status OverlayFs::MakeDirs(const std::string& directory) {
  const MutexLock lock(mutex_);
  for (std::string at = directory; !at.empty(); at = ParentOf(at)) {
    if (IsHidden(at) || !below_.Exists(at)) directories_.insert(at);
  }
  return {};
}

Status OverlayFs::Rename(const std::string& from, const std::string& to) {
  // A directory moves with all in it. (The caller is alone with what it moves: no lock from here to there.)
  if (const auto names = List(from); names) {
    TICKBIRD_RETURN_IF_ERROR(RemoveAll(to));
    TICKBIRD_RETURN_IF_ERROR(MakeDirs(to));
    for (const std::string& name : *names) TICKBIRD_RETURN_IF_ERROR(Rename(JoinPath(from, name), JoinPath(to, name)));
    return RemoveAll(from);
  }
  TICKBIRD_RETURN_IF_ERROR(Link(from, to));
  return Remove(from);
}

Status OverlayFs::Link(const std::string& from, const std::string& to) {
  const MutexLock lock(mutex_);
  TICKBIRD_ASSIGN_OR_RETURN(Content content, ContentOf(from));
  return Put(to, std::move(content));
}

Status OverlayFs::Remove(const std::string& path) {
  const MutexLock lock(mutex_);
  const bool was_changed = files_.erase(path) > 0 || directories_.erase(path) > 0;
  if (!was_changed && (IsHidden(path) || !below_.Exists(path))) return NotThere(path);
  hidden_.insert(path);
  return {};
}

Status OverlayFs::RemoveAll(const std::string& path) {
  const MutexLock lock(mutex_);
  std::erase_if(files_, [&](const auto& entry) { return entry.first == path || IsUnder(entry.first, path); });
  std::erase_if(directories_, [&](const std::string& entry) { return entry == path || IsUnder(entry, path); });
  hidden_.insert(path);
  return {};
}

Status OverlayFs::SyncDir(const std::string&) {
  return {};
}

Result<std::unique_ptr<FileLock>> OverlayFs::Lock(const std::string&) {
  return std::make_unique<NoLock>();
}

}  // namespace tickbird::tsdb
