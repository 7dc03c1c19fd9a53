#include "tests/testing/mem_fs.h"

#include <algorithm>
#include <utility>

#include "core/base/strings.h"

namespace tickbird::testing {

struct MemFs::Node {
  bool is_directory = false;
  std::string content;
  std::string synced_content;
  std::map<std::string, NodePtr, std::less<>> children;
  std::map<std::string, NodePtr, std::less<>> synced_children;

  std::int64_t Bytes() const {
    auto bytes = static_cast<std::int64_t>(content.size());
    for (const auto& [name, child] : children) bytes += child->Bytes();
    return bytes;
  }

  void Crash() {
    content = synced_content;
    children = synced_children;
    for (const auto& [name, child] : children) child->Crash();
  }
};

class MemFs::File final : public WritableFile {
 public:
  File(MemFs& fs, NodePtr node) : fs_(fs), node_(std::move(node)) {}

  Status Append(std::string_view bytes) override {
    MutexLock lock(fs_.mutex_);
    if (const Status status = fs_.Fail("append"); !status) {
      node_->content += bytes.substr(0, bytes.size() / 2);
      return status;
    }
    const std::int64_t room =
        fs_.capacity_ ? std::max<std::int64_t>(*fs_.capacity_ - fs_.Used(), 0) : std::int64_t{1} << 40;
    const auto fits = std::min(bytes.size(), static_cast<std::size_t>(room));
    node_->content += bytes.substr(0, fits);
    if (fits < bytes.size()) return Error{ErrorCode::kTooLarge, "append: no space left"};
    return {};
  }

  Status Sync() override {
    MutexLock lock(fs_.mutex_);
    TICKBIRD_RETURN_IF_ERROR(fs_.Fail("sync"));
    node_->synced_content = node_->content;
    return {};
  }

  Status Truncate(std::int64_t size) override {
    MutexLock lock(fs_.mutex_);
    TICKBIRD_RETURN_IF_ERROR(fs_.Fail("truncate"));
    node_->content.resize(static_cast<std::size_t>(size));
    return {};
  }

 private:
  MemFs& fs_;
  NodePtr node_;
};

class MemFs::ReadFile final : public RandomAccessFile {
 public:
  ReadFile(MemFs& fs, NodePtr node) : fs_(fs), node_(std::move(node)), size_(node_->content.size()) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(size_); }
  Status ReadAt(std::int64_t offset, std::span<char> out) const override {
    MutexLock lock(fs_.mutex_);
    TICKBIRD_RETURN_IF_ERROR(fs_.Fail("read"));
    const auto from = static_cast<std::size_t>(offset);
    if (offset < 0 || from > node_->content.size() || out.size() > node_->content.size() - from)
      return Error{ErrorCode::kOutOfBounds, "read: the file ends before"};
    std::copy_n(node_->content.begin() + offset, out.size(), out.begin());
    return {};
  }

 private:
  MemFs& fs_;
  NodePtr node_;
  std::size_t size_;
};

class MemFs::LockFile final : public FileLock {
 public:
  LockFile(MemFs& fs, std::shared_ptr<std::set<std::string>> locks, std::string path)
      : fs_(fs), locks_(std::move(locks)), path_(std::move(path)) {}
  ~LockFile() override {
    MutexLock lock(fs_.mutex_);
    locks_->erase(path_);
  }

 private:
  MemFs& fs_;
  std::shared_ptr<std::set<std::string>> locks_;
  std::string path_;
};

MemFs::MemFs() : root_(std::make_shared<Node>()), locks_(std::make_shared<std::set<std::string>>()) {
  root_->is_directory = true;
}
MemFs::~MemFs() = default;

Status MemFs::Fail(std::string_view what) {
  if (++calls_ != fail_at_) return {};
  return Error{fail_code_, std::string(what) + ": failed on purpose"};
}

MemFs::NodePtr MemFs::Find(std::string_view path) const {
  NodePtr node = root_;
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    const auto child = node->children.find(part);
    if (child == node->children.end()) return nullptr;
    node = child->second;
  }
  return node;
}

MemFs::NodePtr MemFs::Parent(const std::string& path, std::string* name) const {
  const std::size_t slash = path.rfind('/');
  *name = slash == std::string::npos ? path : path.substr(slash + 1);
  return slash == std::string::npos ? root_ : Find(std::string_view(path).substr(0, slash));
}

std::int64_t MemFs::Used() const {
  return root_->Bytes();
}

void MemFs::Crash() {
  MutexLock lock(mutex_);
  root_->Crash();
  locks_ = std::make_shared<std::set<std::string>>();
}

void MemFs::DropLocks() {
  MutexLock lock(mutex_);
  locks_ = std::make_shared<std::set<std::string>>();
}

std::int64_t MemFs::calls() const {
  MutexLock lock(mutex_);
  return calls_;
}

void MemFs::FailCall(std::int64_t n, ErrorCode code) {
  MutexLock lock(mutex_);
  fail_at_ = calls_ + n;
  fail_code_ = code;
}

void MemFs::SetCapacity(std::optional<std::int64_t> bytes) {
  MutexLock lock(mutex_);
  capacity_ = bytes;
}

std::int64_t MemFs::used() const {
  MutexLock lock(mutex_);
  return Used();
}

void MemFs::Overwrite(const std::string& path, std::string content) {
  MutexLock lock(mutex_);
  const NodePtr node = Find(path);
  node->synced_content = content;
  node->content = std::move(content);
}

Result<std::unique_ptr<WritableFile>> MemFs::Open(const std::string& path, bool truncate) {
  MutexLock lock(mutex_);
  TICKBIRD_RETURN_IF_ERROR(Fail("open " + path));
  std::string name;
  const NodePtr parent = Parent(path, &name);
  if (!parent) return Error{ErrorCode::kNotFound, "open " + path + ": no such directory"};
  const bool is_full = capacity_ && Used() >= *capacity_;
  if (is_full && !parent->children.contains(name))
    return Error{ErrorCode::kTooLarge, "open " + path + ": no space left"};
  NodePtr& node = parent->children[name];
  if (!node) node = std::make_shared<Node>();
  if (truncate) node->content.clear();
  return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, node));
}

Result<std::unique_ptr<WritableFile>> MemFs::Create(const std::string& path) {
  return Open(path, true);
}
Result<std::unique_ptr<WritableFile>> MemFs::OpenAppend(const std::string& path) {
  return Open(path, false);
}

Result<std::unique_ptr<RandomAccessFile>> MemFs::OpenRead(const std::string& path) {
  MutexLock lock(mutex_);
  TICKBIRD_RETURN_IF_ERROR(Fail("open " + path));
  const NodePtr node = Find(path);
  if (!node || node->is_directory) return Error{ErrorCode::kNotFound, "open " + path + ": no such file"};
  return std::unique_ptr<RandomAccessFile>(std::make_unique<ReadFile>(*this, node));
}

Result<std::string> MemFs::Read(const std::string& path, std::int64_t limit_bytes) {
  MutexLock lock(mutex_);
  TICKBIRD_RETURN_IF_ERROR(Fail("read " + path));
  const NodePtr node = Find(path);
  if (!node || node->is_directory) return Error{ErrorCode::kNotFound, "read " + path + ": no such file"};
  if (static_cast<std::int64_t>(node->content.size()) > limit_bytes) return Error{ErrorCode::kTooLarge, "read " + path};
  return node->content;
}

Result<std::int64_t> MemFs::Size(const std::string& path) {
  MutexLock lock(mutex_);
  TICKBIRD_RETURN_IF_ERROR(Fail("size " + path));
  const NodePtr node = Find(path);
  if (!node) return Error{ErrorCode::kNotFound, "size " + path + ": no such file"};
  return static_cast<std::int64_t>(node->content.size());
}

Result<std::vector<std::string>> MemFs::List(const std::string& directory) {
  MutexLock lock(mutex_);
  TICKBIRD_RETURN_IF_ERROR(Fail("list " + directory));
  const NodePtr node = Find(directory);
  if (!node || !node->is_directory) return Error{ErrorCode::kNotFound, "list " + directory + ": no such directory"};
  std::vector<std::string> names;
  for (const auto& [name, child] : node->children) names.push_back(name);
  return names;
}

bool MemFs::Exists(const std::string& path) {
  MutexLock lock(mutex_);
  return Find(path) != nullptr;
}

Status MemFs::MakeDirs(const std::string& directory) {
  MutexLock lock(mutex_);
  TICKBIRD_RETURN_IF_ERROR(Fail("create " + directory));
  NodePtr node = root_;
  for (const std::string_view part : Split(directory, '/')) {
    if (part.empty()) continue;
    NodePtr& child = node->children[std::string(part)];
    if (!child) {
      child = std::make_shared<Node>();
      child->is_directory = true;
    }
    node = child;
  }
  return {};
}

Status MemFs::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  TICKBIRD_RETURN_IF_ERROR(Fail("rename " + from));
  std::string from_name;
  std::string to_name;
  const NodePtr source = Parent(from, &from_name);
  const NodePtr target = Parent(to, &to_name);
  if (!source || !target || !source->children.contains(from_name)) return Error{ErrorCode::kNotFound, "rename " + from};
  const auto replaced = target->children.find(to_name);
  if (replaced != target->children.end() && replaced->second->is_directory && !replaced->second->children.empty()) {
    return Error{ErrorCode::kAlreadyExists, "rename " + from + ": directory not empty"};
  }
  NodePtr node = source->children[from_name];
  source->children.erase(from_name);
  target->children[to_name] = std::move(node);
  return {};
}

Status MemFs::Link(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  TICKBIRD_RETURN_IF_ERROR(Fail("link " + from));
  std::string name;
  const NodePtr node = Find(from);
  const NodePtr parent = Parent(to, &name);
  if (!node || node->is_directory || !parent) return Error{ErrorCode::kNotFound, "link " + from + ": no such file"};
  if (!parent->children.try_emplace(name, node).second) return Error{ErrorCode::kAlreadyExists, "link to " + to};
  return {};
}

Status MemFs::Remove(const std::string& path) {
  MutexLock lock(mutex_);
  TICKBIRD_RETURN_IF_ERROR(Fail("remove " + path));
  std::string name;
  const NodePtr parent = Parent(path, &name);
  if (!parent || parent->children.erase(name) == 0)
    return Error{ErrorCode::kNotFound, "remove " + path + ": no such file"};
  return {};
}

Status MemFs::RemoveAll(const std::string& path) {
  MutexLock lock(mutex_);
  TICKBIRD_RETURN_IF_ERROR(Fail("remove " + path));
  std::string name;
  if (const NodePtr parent = Parent(path, &name)) parent->children.erase(name);
  return {};
}

Status MemFs::SyncDir(const std::string& directory) {
  MutexLock lock(mutex_);
  TICKBIRD_RETURN_IF_ERROR(Fail("sync " + directory));
  const NodePtr node = Find(directory);
  if (!node) return Error{ErrorCode::kNotFound, "sync " + directory + ": no such directory"};
  node->synced_children = node->children;
  return {};
}

Result<std::unique_ptr<FileLock>> MemFs::Lock(const std::string& path) {
  MutexLock lock(mutex_);
  TICKBIRD_RETURN_IF_ERROR(Fail("lock " + path));
  if (!locks_->insert(path).second) return Error{ErrorCode::kUnavailable, path + " is locked by another process"};
  return std::unique_ptr<FileLock>(std::make_unique<LockFile>(*this, locks_, path));
}

}  // namespace tickbird::testing
