#include "notifiers/channels/spec_reader.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/strings.h"

namespace tickbird::notify {
namespace {

constexpr std::int64_t kMaxSecretFile = 64 * 1024;

bool Matches(std::string_view known, std::string_view name) {
  return known.ends_with('.') ? name.size() > known.size() && name.starts_with(known) : name == known;
}

bool IsIn(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::any_of(names, [&](std::string_view known) { return Matches(known, name); });
}

bool Before(const std::optional<Position>& a, const std::optional<Position>& b) {
  const Position x = a.value_or(Position());
  const Position y = b.value_or(Position());
  return std::tie(x.line, x.column) < std::tie(y.line, y.column);
}

}  // namespace

Result<std::string> Secret::Read(Fs& fs) const {
  if (file.empty()) return value;
  Result<std::string> text = fs.Read(file, kMaxSecretFile);
  if (!text) return WithContext("read a secret", text.error());
  return std::string(Trim(*text));
}

SpecReader::SpecReader(const ReceiverSpec& spec, std::span<const std::string_view> known,
                       std::span<const std::string_view> unsupported)
    : spec_(spec) {
  CheckNames(known, unsupported);
}

std::string SpecReader::Text(std::string_view name, std::string_view fallback) {
  const ReceiverField* field = Find(name);
  return field == nullptr ? std::string(fallback) : field->value;
}

std::string SpecReader::RequiredText(std::string_view name) {
  const ReceiverField* field = Find(name);
  if (field == nullptr) {
    Complain(name, fmt::format("needs the field \"{}\"", name));
  } else if (field->value.empty()) {
    Complain(name, fmt::format("\"{}\" is empty", name));
  }
  return field == nullptr ? std::string() : field->value;
}

bool SpecReader::Bool(std::string_view name, bool fallback) {
  const ReceiverField* field = Find(name);
  if (field == nullptr || field->value == "true" || field->value == "false") {
    return field == nullptr ? fallback : field->value == "true";
  }
  Complain(name, fmt::format("\"{}\" must be true or false", name));
  return fallback;
}

int SpecReader::Int(std::string_view name, int fallback) {
  const ReceiverField* field = Find(name);
  if (field == nullptr) return fallback;
  int number = 0;
  const char* const end = field->value.data() + field->value.size();
  const auto [stop, code] = std::from_chars(field->value.data(), end, number);
  if (code == std::errc() && stop == end && number >= 0) return number;
  Complain(name, fmt::format("\"{}\" must be a whole number", name));
  return fallback;
}

DurationMs SpecReader::Duration(std::string_view name, DurationMs fallback) {
  const ReceiverField* field = Find(name);
  if (field == nullptr) return fallback;
  const Result<DurationMs> duration = ParseDuration(field->value);
  if (duration && *duration > 0) return *duration;
  Complain(name, fmt::format("\"{}\" must be a time with its unit, as 10s", name));
  return fallback;
}

Secret SpecReader::SecretText(std::string_view name) {
  const std::string file_name = fmt::format("{}_file", name);
  Secret secret{Text(name), Text(file_name)};
  if (!secret.value.empty() && !secret.file.empty()) {
    Complain(file_name, fmt::format("\"{}\" and \"{}\" exclude each other", name, file_name));
  }
  return secret;
}

TlsOptions SpecReader::Tls(std::string_view prefix) {
  TlsOptions tls;
  tls.ca_file = Text(fmt::format("{}ca_file", prefix));
  tls.server_name = Text(fmt::format("{}server_name", prefix));
  tls.insecure_skip_verify = Bool(fmt::format("{}insecure_skip_verify", prefix), false);
  return tls;
}

std::vector<std::pair<std::string, std::string>> SpecReader::Map(std::string_view prefix) const {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const ReceiverField& field : spec_.fields) {
    if (Matches(prefix, field.name)) entries.emplace_back(field.name.substr(prefix.size()), field.value);
  }
  return entries;
}

void SpecReader::Complain(std::string_view field, std::string message, ErrorCode code) {
  const ReceiverField* at = Find(field);
  const Position position = at != nullptr && at->position.line > 0 ? at->position : spec_.position;
  Error error{code, fmt::format("receiver \"{}\" ({}): {}", spec_.name, spec_.kind, message), std::nullopt};
  if (position.line > 0) error.position = position;
  if (!problem_ || Before(error.position, problem_->position)) problem_ = std::move(error);
}

void SpecReader::CheckUrl(std::string_view field, std::string_view url) {
  if (IsHttpUrl(url)) return;
  Complain(field, fmt::format("\"{}\" is not a URL that starts with http:// or https://", field));
}

Status SpecReader::Finish() const {
  if (problem_) return *problem_;
  return {};
}

const ReceiverField* SpecReader::Find(std::string_view name) const {
  const auto field = std::ranges::find(spec_.fields, name, &ReceiverField::name);
  return field == spec_.fields.end() ? nullptr : &*field;
}

void SpecReader::CheckNames(std::span<const std::string_view> known, std::span<const std::string_view> unsupported) {
  std::set<std::string_view> seen;
  for (const ReceiverField& field : spec_.fields) {
    if (!seen.insert(field.name).second) {
      Complain(field.name, fmt::format("\"{}\" is given twice", field.name));
    } else if (IsIn(unsupported, field.name)) {
      Complain(field.name, fmt::format("\"{}\" is not supported yet", field.name), ErrorCode::kUnsupported);
    } else if (!IsIn(known, field.name)) {
      Complain(field.name, fmt::format("unknown field \"{}\"{}", field.name, DidYouMean(field.name, known)));
    }
  }
}

bool IsHttpUrl(std::string_view url) {
  const std::size_t scheme = url.starts_with("http://") ? 7 : url.starts_with("https://") ? 8 : 0;
  if (scheme == 0 || url.size() == scheme) return false;
  if (url[scheme] == '/' || url[scheme] == '?' || url[scheme] == '#' || url[scheme] == ':') return false;
  return std::ranges::none_of(url, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

bool IsOneLine(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace tickbird::notify
