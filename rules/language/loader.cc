#include "rules/language/loader.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "rules/language/parser.h"

namespace tickbird::language {
namespace {

constexpr std::array<std::string_view, 14> kSecretFields = {
    "auth_password", "auth_secret", "secret",    "password",  "key",      "routing_key", "service_key",
    "api_key",       "token",       "bot_token", "app_token", "user_key", "credentials", "authorization"};

bool IsWordPart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::size_t FirstBadLine(std::string_view text) {
  std::size_t line = 1;
  while (IsValidUtf8(TakeUntil(text, '\n'))) ++line;
  return line;
}

/// Hides the strings that follow the name of a secret setting on its line, whether the line is well formed or not.
void MaskSecrets(Source& source) {
  const std::string text = source.text();
  for (std::size_t at = 0; at < text.size();) {
    if (!IsWordPart(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && IsWordPart(text[end])) ++end;
    const bool is_secret = IsSecretField(std::string_view(text).substr(at, end - at));
    at = end;
    while (is_secret && end < text.size() && (text[end] == ' ' || text[end] == '\t' || text[end] == '=')) ++end;
    if (!is_secret || end == text.size() || (text[end] != '"' && text[end] != '\'' && text[end] != '`')) continue;
    const std::size_t close = std::min({text.find(text[end], end + 1), text.find('\n', end + 1), text.size()});
    source.Mask({static_cast<std::uint32_t>(end + 1), static_cast<std::uint32_t>(close - end - 1)});
    at = close;
  }
}

}  // namespace

bool IsSecretField(std::string_view name) {
  const std::string_view last = name.substr(name.find_last_of('.') + 1);
  return std::find(kSecretFields.begin(), kSecretFields.end(), AsciiLower(last)) != kSecretFields.end();
}

void Loader::LoadPack(const SourceFile& pack) {
  Parse(pack.name, pack.text, true);
}

void Loader::LoadFile(const std::string& path) {
  Load(ResolvePath("", path), 0);
}

std::vector<const LoadedFile*> Loader::Roots() const {
  std::vector<const LoadedFile*> roots;
  for (const bool packs : {true, false}) {
    for (const auto& file : files_) {
      if (!file->included && file->is_pack == packs) roots.push_back(file.get());
    }
  }
  return roots;
}

std::vector<std::string> Loader::paths() const {
  std::vector<std::string> paths;
  for (const auto& file : files_) {
    if (!file->is_pack) paths.push_back(file->source->name());
  }
  return paths;
}

LoadedFile* Loader::Load(const std::string& path, int depth) {
  if (const auto known = by_path_.find(path); known != by_path_.end()) return known->second;
  if (files_.size() >= kMaxFiles) {
    diagnostics_.FileError(path, fmt::format("more than {} rule files", kMaxFiles));
    return nullptr;
  }
  auto text = environment_.ReadFile(path, kMaxSourceBytes);
  if (!text) {
    diagnostics_.FileError(path, text.error().message);
    return nullptr;
  }
  LoadedFile* file = Parse(path, std::move(*text), false);
  by_path_.emplace(path, file);
  open_.push_back(path);
  FollowIncludes(*file, file->tree.items, depth);
  open_.pop_back();
  return file;
}

LoadedFile* Loader::Parse(std::string name, std::string text, bool is_pack) {
  LoadedFile& file = *files_.emplace_back(std::make_unique<LoadedFile>());
  file.is_pack = is_pack;
  if (!IsValidUtf8(text)) {
    diagnostics_.FileError(name, fmt::format("line {} is not valid UTF-8", FirstBadLine(text)));
    text.clear();
  }
  auto source = std::make_shared<Source>(std::move(name), std::move(text));
  file.source = source;
  file.tree = language::Parse(source, diagnostics_);
  MaskSecrets(*source);
  return &file;
}

void Loader::FollowIncludes(LoadedFile& file, const std::vector<ast::Item>& items, int depth) {
  for (const ast::Item& item : items) {
    if (const auto* group = std::get_if<ast::Group>(&item.node)) FollowIncludes(file, group->items, depth);
    if (const auto* include = std::get_if<ast::Include>(&item.node)) Follow(file, *include, depth);
  }
}

void Loader::Follow(LoadedFile& file, const ast::Include& include, int depth) {
  const Span span = include.path.span;
  if (depth == kMaxIncludeDepth) {
    return diagnostics_.Error(file.source, span, fmt::format("includes may be nested {} deep", kMaxIncludeDepth));
  }
  const std::string pattern = ResolvePath(file.source->name(), include.path.text);
  const auto paths = environment_.Glob(pattern);
  if (!paths) return diagnostics_.Error(file.source, span, paths.error().message);
  const bool is_pattern = pattern.find_first_of("*?") != std::string::npos;
  if (paths->empty() && is_pattern)
    diagnostics_.Warning(file.source, span, fmt::format("no file matches {}", Quoted(pattern)));
  if (paths->empty() && !is_pattern)
    diagnostics_.Error(file.source, span, fmt::format("there is no file {}", Quoted(pattern)));
  for (const std::string& found : *paths) {
    const std::string path = ResolvePath("", found);
    if (std::find(open_.begin(), open_.end(), path) != open_.end()) {
      // A pattern such as *.rules matches the file itself; that is no mistake.
      if (is_pattern && path == open_.back()) continue;
      ReportCircle(file, include, path);
      continue;
    }
    LoadedFile* loaded = Load(path, depth + 1);
    if (loaded == nullptr) continue;
    loaded->included = true;
    file.includes[&include].push_back(loaded);
  }
}

void Loader::ReportCircle(const LoadedFile& file, const ast::Include& include, const std::string& path) {
  std::string circle;
  for (auto at = std::find(open_.begin(), open_.end(), path); at != open_.end(); ++at) circle += *at + " -> ";
  diagnostics_.Error(file.source, include.path.span, fmt::format("the includes go in a circle: {}{}", circle, path));
}

}  // namespace tickbird::language
