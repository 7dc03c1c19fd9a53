#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/base/source_text.h"
#include "rules/language/source.h"

namespace tickbird::language {

/// What is wrong at one place of one rule file.
struct FileDiagnostic {
  std::shared_ptr<const Source> source;
  Diagnostic diagnostic;

  bool is_error() const { return diagnostic.severity == Diagnostic::Severity::kError; }
  /// As RenderDiagnostic writes it: place, message, the line and a caret. Secrets of the line are masked.
  std::string Render() const;
};

/// Collects what is wrong with a set of files. The same message at the same place is kept once (a template's body is
/// compiled for each of its uses); past kMaxDiagnostics the rest is only counted. Not thread safe.
class Diagnostics {
 public:
  static constexpr std::size_t kMaxDiagnostics = 1000;

  void Error(const std::shared_ptr<const Source>& source, Span span, std::string message);
  void Warning(const std::shared_ptr<const Source>& source, Span span, std::string message);
  /// An error of a file as a whole, for one that cannot be read.
  void FileError(const std::string& name, std::string message);
  /// A diagnostic of an inner language (PromQL), whose positions count from 1:1 at `start` of `source`.
  void Embedded(const std::shared_ptr<const Source>& source, std::size_t start, const Diagnostic& inner);

  bool has_errors() const { return error_count_ > 0; }
  std::size_t error_count() const { return error_count_; }
  /// By file in the order in which files were first complained about, then by position. Ends the collection.
  std::vector<FileDiagnostic> Take();

 private:
  void Add(const std::shared_ptr<const Source>& source, Diagnostic diagnostic);

  std::vector<FileDiagnostic> found_;
  std::unordered_set<std::string> seen_;
  std::size_t error_count_ = 0;
  std::size_t dropped_ = 0;
};

}  // namespace tickbird::language
