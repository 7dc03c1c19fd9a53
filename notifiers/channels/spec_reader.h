#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/http_client.h"
#include "core/base/result.h"
#include "core/model/receiver_spec.h"

namespace tickbird::notify {

/// A secret from the configuration: its value, or the file that holds it, read at each use so that it can be rotated.
struct Secret {
  std::string value;
  std::string file;

  bool empty() const { return value.empty() && file.empty(); }
  /// The value without blanks around it. The error names the file.
  Result<std::string> Read(Fs& fs) const;
};

/// Reads a receiver's fields into typed settings, strictly. Problems are collected; Finish gives the first in the order
/// of the file. No text holds a field's value.
class SpecReader {
 public:
  /// `known` are all names that the caller will read; one that ends in '.' stands for a map ("headers."). `unsupported`
  /// are names of Alertmanager that we know and do not act on.
  SpecReader(const ReceiverSpec& spec, std::span<const std::string_view> known,
             std::span<const std::string_view> unsupported);

  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  std::string Text(std::string_view name, std::string_view fallback = {});
  std::string RequiredText(std::string_view name);
  bool Bool(std::string_view name, bool fallback);
  int Int(std::string_view name, int fallback);
  DurationMs Duration(std::string_view name, DurationMs fallback);
  /// `name` or `name`_file, not both.
  Secret SecretText(std::string_view name);
  /// tls_config under `prefix`.
  TlsOptions Tls(std::string_view prefix);
  /// Entries of a map: ("headers.", ...) gives name and value without the prefix.
  std::vector<std::pair<std::string, std::string>> Map(std::string_view prefix) const;

  /// Adds a problem at a field (or at the receiver when it is not there).
  void Complain(std::string_view field, std::string message, ErrorCode code = ErrorCode::kInvalidArgument);
  /// Complains unless the field is an http or https URL.
  void CheckUrl(std::string_view field, std::string_view url);

  Status Finish() const;

 private:
  const ReceiverField* Find(std::string_view name) const;
  void CheckNames(std::span<const std::string_view> known, std::span<const std::string_view> unsupported);

  const ReceiverSpec& spec_;
  std::optional<Error> problem_;
};

/// True for "http://host..." and "https://host..." without blanks and control characters.
bool IsHttpUrl(std::string_view url);

/// True when no character could end or split a header line.
bool IsOneLine(std::string_view text);

}  // namespace tickbird::notify
