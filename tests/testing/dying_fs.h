#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/fs.h"

namespace tickbird::testing {

/// Lets the first `lives` calls that can change a disk through to another Fs, and no more: the process that uses it is
/// dead from then on, whatever it still tries. Not thread safe.
class DyingFs final : public Fs {
 public:
  DyingFs(Fs& disk, std::int64_t lives) : disk_(disk), lives_(lives) {}

  bool is_dead() const { return calls_ > lives_; }
  /// Calls so far, those after death included.
  std::int64_t calls() const { return calls_; }

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    return Opened(Dies() ? Dead<std::unique_ptr<WritableFile>>() : disk_.Create(path));
  }
  Result<std::unique_ptr<WritableFile>> OpenAppend(const std::string& path) override {
    return Opened(Dies() ? Dead<std::unique_ptr<WritableFile>>() : disk_.OpenAppend(path));
  }
  Status MakeDirs(const std::string& directory) override { return Dies() ? Dead<void>() : disk_.MakeDirs(directory); }
  Status Rename(const std::string& from, const std::string& to) override {
    return Dies() ? Dead<void>() : disk_.Rename(from, to);
  }
  Status Link(const std::string& from, const std::string& to) override {
    return Dies() ? Dead<void>() : disk_.Link(from, to);
  }
  Status Remove(const std::string& path) override { return Dies() ? Dead<void>() : disk_.Remove(path); }
  Status RemoveAll(const std::string& path) override { return Dies() ? Dead<void>() : disk_.RemoveAll(path); }
  Status SyncDir(const std::string& directory) override { return Dies() ? Dead<void>() : disk_.SyncDir(directory); }

  Result<std::unique_ptr<RandomAccessFile>> OpenRead(const std::string& path) override { return disk_.OpenRead(path); }
  Result<std::string> Read(const std::string& path, std::int64_t limit_bytes) override {
    return disk_.Read(path, limit_bytes);
  }
  Result<std::int64_t> Size(const std::string& path) override { return disk_.Size(path); }
  Result<std::vector<std::string>> List(const std::string& directory) override { return disk_.List(directory); }
  bool Exists(const std::string& path) override { return disk_.Exists(path); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override { return disk_.Lock(path); }

 private:
  class File final : public WritableFile {
   public:
    File(DyingFs& fs, std::unique_ptr<WritableFile> file) : fs_(fs), file_(std::move(file)) {}
    Status Append(std::string_view bytes) override { return fs_.Dies() ? Dead<void>() : file_->Append(bytes); }
    Status Sync() override { return fs_.Dies() ? Dead<void>() : file_->Sync(); }
    Status Truncate(std::int64_t size) override { return fs_.Dies() ? Dead<void>() : file_->Truncate(size); }

   private:
    DyingFs& fs_;
    std::unique_ptr<WritableFile> file_;
  };

  bool Dies() { return ++calls_ > lives_; }
  template <class T>
  static Result<T> Dead() {
    return Error{ErrorCode::kUnavailable, "dead"};
  }
  Result<std::unique_ptr<WritableFile>> Opened(Result<std::unique_ptr<WritableFile>> file) {
    if (!file) return file;
    return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, *std::move(file)));
  }

  Fs& disk_;
  std::int64_t lives_;
  std::int64_t calls_ = 0;
};

}  // namespace tickbird::testing
