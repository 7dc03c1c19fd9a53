#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/language/ast.h"
#include "rules/language/compiler.h"
#include "rules/language/diagnostics.h"
#include "rules/language/environment.h"

namespace tickbird::language {

/// A parsed file and the files that it includes.
struct LoadedFile {
  std::shared_ptr<const Source> source;
  ast::File tree;
  bool is_pack = false;
  bool included = false;  ///< Some other file includes it.
  std::unordered_map<const ast::Include*, std::vector<const LoadedFile*>> includes;
};

/// Reads and parses files with everything that they include, each once. Owns the trees.
class Loader {
 public:
  Loader(Environment& environment, Diagnostics& diagnostics) : environment_(environment), diagnostics_(diagnostics) {}

  void LoadPack(const SourceFile& pack);
  void LoadFile(const std::string& path);

  /// Packs first, then files, without those that another file includes.
  std::vector<const LoadedFile*> Roots() const;
  std::vector<std::string> paths() const;

 private:
  LoadedFile* Load(const std::string& path, int depth);
  LoadedFile* Parse(std::string name, std::string text, bool is_pack);
  void FollowIncludes(LoadedFile& file, const std::vector<ast::Item>& items, int depth);
  void Follow(LoadedFile& file, const ast::Include& include, int depth);
  void ReportCircle(const LoadedFile& file, const ast::Include& include, const std::string& path);

  Environment& environment_;
  Diagnostics& diagnostics_;
  std::vector<std::unique_ptr<LoadedFile>> files_;
  std::unordered_map<std::string, LoadedFile*> by_path_;
  std::vector<std::string> open_;  ///< The files that are being followed, outermost first.
};

/// True for the settings of receivers that must not stand in a file as they are.
bool IsSecretField(std::string_view name);

}  // namespace tickbird::language
