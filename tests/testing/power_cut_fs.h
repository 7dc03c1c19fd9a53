#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/fs.h"

namespace tickbird::testing {

/// Files of another Fs until the power goes: after `calls` calls that change something each one fails and changes
/// nothing. Reading goes on. For tests that cut the power at every place in turn. Thread safe.
class PowerCutFs final : public Fs {
 public:
  PowerCutFs(Fs& fs, std::int64_t calls) : fs_(fs), left_(calls) {}

  /// Whether a call came after the last one.
  bool is_off() const {
    const std::lock_guard lock(mutex_);
    return left_ < 0;
  }

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    TICKBIRD_RETURN_IF_ERROR(Take());
    TICKBIRD_ASSIGN_OR_RETURN(auto file, fs_.Create(path));
    return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, std::move(file)));
  }
  Result<std::unique_ptr<WritableFile>> OpenAppend(const std::string& path) override {
    TICKBIRD_RETURN_IF_ERROR(Take());
    TICKBIRD_ASSIGN_OR_RETURN(auto file, fs_.OpenAppend(path));
    return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, std::move(file)));
  }
  Result<std::unique_ptr<RandomAccessFile>> OpenRead(const std::string& path) override { return fs_.OpenRead(path); }
  Result<std::string> Read(const std::string& path, std::int64_t limit_bytes) override {
    return fs_.Read(path, limit_bytes);
  }
  Result<std::int64_t> Size(const std::string& path) override { return fs_.Size(path); }
  Result<std::vector<std::string>> List(const std::string& directory) override { return fs_.List(directory); }
  bool Exists(const std::string& path) override { return fs_.Exists(path); }
  Status MakeDirs(const std::string& directory) override {
    TICKBIRD_RETURN_IF_ERROR(Take());
    return fs_.MakeDirs(directory);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    TICKBIRD_RETURN_IF_ERROR(Take());
    return fs_.Rename(from, to);
  }
  Status Link(const std::string& from, const std::string& to) override {
    TICKBIRD_RETURN_IF_ERROR(Take());
    return fs_.Link(from, to);
  }
  Status Remove(const std::string& path) override {
    TICKBIRD_RETURN_IF_ERROR(Take());
    return fs_.Remove(path);
  }
  Status RemoveAll(const std::string& path) override {
    TICKBIRD_RETURN_IF_ERROR(Take());
    return fs_.RemoveAll(path);
  }
  Status SyncDir(const std::string& directory) override {
    TICKBIRD_RETURN_IF_ERROR(Take());
    return fs_.SyncDir(directory);
  }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    TICKBIRD_RETURN_IF_ERROR(Take());
    return fs_.Lock(path);
  }

 private:
  class File final : public WritableFile {
   public:
    File(PowerCutFs& fs, std::unique_ptr<WritableFile> file) : fs_(fs), file_(std::move(file)) {}
    Status Append(std::string_view bytes) override {
      TICKBIRD_RETURN_IF_ERROR(fs_.Take());
      return file_->Append(bytes);
    }
    Status Sync() override {
      TICKBIRD_RETURN_IF_ERROR(fs_.Take());
      return file_->Sync();
    }
    Status Truncate(std::int64_t size) override {
      TICKBIRD_RETURN_IF_ERROR(fs_.Take());
      return file_->Truncate(size);
    }

   private:
    PowerCutFs& fs_;
    std::unique_ptr<WritableFile> file_;
  };

  Status Take() {
    const std::lock_guard lock(mutex_);
    if (left_ > 0) {
      --left_;
      return {};
    }
    left_ = -1;
    return Error{ErrorCode::kUnavailable, "the power is off"};
  }

  Fs& fs_;
  mutable std::mutex mutex_;
  std::int64_t left_;
};

}  // namespace tickbird::testing
