#include "core/exposition/openmetrics_validator.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "core/exposition/number_reader.h"
#include "core/exposition/parser.h"

namespace tickbird::exposition {
namespace {

using Names = std::unordered_set<std::string, StringHash, std::equal_to<>>;

constexpr std::size_t kMaxExemplarCharacters = 128;

/// The endings that sample names of a type have after the family's name; "" is the bare name.
std::span<const std::string_view> Suffixes(MetricType type) {
  static constexpr std::array<std::string_view, 1> kPlain = {""};
  static constexpr std::array<std::string_view, 2> kCounter = {"_total", "_created"};
  static constexpr std::array<std::string_view, 4> kHistogram = {"_bucket", "_count", "_sum", "_created"};
  static constexpr std::array<std::string_view, 3> kGaugeHistogram = {"_bucket", "_gcount", "_gsum"};
  static constexpr std::array<std::string_view, 4> kSummary = {"", "_count", "_sum", "_created"};
  static constexpr std::array<std::string_view, 1> kInfo = {"_info"};
  switch (type) {
    case MetricType::kCounter:
      return kCounter;
    case MetricType::kHistogram:
      return kHistogram;
    case MetricType::kGaugeHistogram:
      return kGaugeHistogram;
    case MetricType::kSummary:
      return kSummary;
    case MetricType::kInfo:
      return kInfo;
    case MetricType::kUnknown:
    case MetricType::kGauge:
    case MetricType::kStateSet:
      return kPlain;
  }
  return kPlain;
}

std::size_t CountCharacters(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

/// Buckets and totals of one label set at one time.
struct HistogramState {
  std::optional<double> last_bound;
  double last_count = 0;
  bool negative_bounds = false;
  std::optional<double> infinite;
  std::optional<double> count;
  std::optional<double> sum;
};

class Validator {
 public:
  explicit Validator(std::string_view page) : parser_(page, Format::kOpenMetrics) {}

  Status Run() {
    for (Entry entry = parser_.Next(); entry != Entry::kEnd; entry = parser_.Next()) {
      if (entry == Entry::kError) return parser_.error();
      TICKBIRD_RETURN_IF_ERROR(entry == Entry::kSample ? OnSample(parser_.sample())
                                                       : OnMetadata(entry, parser_.metadata()));
    }
    return FinishFamily();
  }

 private:
  struct Family {
    std::string name;
    Position start;
    MetricType type = MetricType::kUnknown;
    std::optional<std::string> unit;
    bool has_type = false;
    bool has_help = false;
    bool has_samples = false;
  };

  /// The samples of one family that share their labels (without le, quantile, the state).
  struct Group {
    std::uint64_t labels = 0;
    Position at;
    bool has_timestamp = false;
    double timestamp = 0;
    HistogramState histogram;
  };

  Error Offence(std::string_view at, std::string message) const {
    return Error{ErrorCode::kParse, std::move(message), parser_.PositionOf(at)};
  }

  Status OnMetadata(Entry entry, const ParsedMetadata& metadata);
  Status OnSample(const ParsedSample& sample);
  Status StartFamily(std::string_view name, std::string_view at);
  Status FinishFamily();
  Status CheckUnit(std::string_view at) const;
  Status CheckLabels(const ParsedSample& sample) const;
  Status CheckExemplar(const ParsedSample& sample, std::string_view suffix) const;
  Status EnterGroup(const ParsedSample& sample, std::string_view special_label);
  Status LeaveGroup();
  Status CheckTime(const ParsedSample& sample);
  Status CheckValue(const ParsedSample& sample, std::string_view suffix, const RawLabel* special);
  Status CheckCumulative(const ParsedSample& sample, std::string_view suffix) const;
  Status CheckHistogram(const ParsedSample& sample, std::string_view suffix, const RawLabel* bound);
  Status CheckBucket(const ParsedSample& sample, const RawLabel& bound);
  Status CheckQuantile(const ParsedSample& sample, const RawLabel& quantile) const;

  std::optional<std::string_view> SuffixOf(std::string_view sample_name) const;
  std::string_view SpecialLabel(std::string_view suffix) const;

  Parser parser_;
  Names names_;  // of all sample names that finished families may have
  std::optional<Family> family_;
  std::optional<Group> group_;
  std::unordered_set<std::uint64_t> groups_;           // of the current family
  std::unordered_set<std::string_view> plain_series_;  // series of the current family without a timestamp
};

const RawLabel* FindLabel(const ParsedSample& sample, std::string_view name) {
  for (const RawLabel& label : sample.labels) {
    if (label.name == name) return &label;
  }
  return nullptr;
}

/// The same for any order of the labels; empty values do not count.
std::uint64_t HashLabels(const ParsedSample& sample, std::string_view without) {
  std::uint64_t sum = 0;
  for (const RawLabel& label : sample.labels) {
    if (label.name == without || label.value.empty()) continue;
    const std::uint64_t pair =
        std::hash<std::string_view>{}(label.name) * 0x9e3779b97f4a7c15 ^ std::hash<std::string_view>{}(label.value);
    sum += pair * 0xff51afd7ed558ccd ^ (pair >> 29);
  }
  return sum;
}

Status Validator::OnMetadata(Entry entry, const ParsedMetadata& metadata) {
  if (!family_ || family_->name != metadata.family)
    TICKBIRD_RETURN_IF_ERROR(StartFamily(metadata.family, metadata.family));
  if (family_->has_samples) {
    return Offence(metadata.family,
                   fmt::format("metadata of {} after its samples; it must come before", Quoted(metadata.family)));
  }
  const auto repeated = [&](std::string_view what) {
    return Offence(metadata.family, fmt::format("a second {} for {}", what, Quoted(metadata.family)));
  };
  switch (entry) {
    case Entry::kType:
      if (family_->has_type) return repeated("TYPE");
      family_->has_type = true;
      family_->type = metadata.type;
      break;
    case Entry::kHelp:
      if (family_->has_help) return repeated("HELP");
      family_->has_help = true;
      break;
    default:
      if (family_->unit) return repeated("UNIT");
      family_->unit = metadata.text;
      break;
  }
  return CheckUnit(metadata.family);
}

Status Validator::CheckUnit(std::string_view at) const {
  if (!family_->unit || family_->unit->empty()) return {};
  if (family_->type == MetricType::kInfo || family_->type == MetricType::kStateSet) {
    return Offence(at, fmt::format("a family of type {} has no unit", MetricTypeName(family_->type)));
  }
  if (!std::string_view(family_->name).ends_with("_" + *family_->unit)) {
    return Offence(at,
                   fmt::format("the name of {} must end in its unit: \"_{}\"", Quoted(family_->name), *family_->unit));
  }
  return {};
}

Status Validator::StartFamily(std::string_view name, std::string_view at) {
  TICKBIRD_RETURN_IF_ERROR(FinishFamily());
  if (names_.contains(name)) {
    return Offence(
        at, fmt::format("{} appears again or clashes with an earlier family; the lines of a family stand together",
                        Quoted(name)));
  }
  family_ = Family{.name = std::string(name), .start = parser_.PositionOf(at), .unit = std::nullopt};
  return {};
}

Status Validator::FinishFamily() {
  if (!family_) return {};
  TICKBIRD_RETURN_IF_ERROR(LeaveGroup());
  std::vector<std::string> own = {family_->name};
  for (const std::string_view suffix : Suffixes(family_->type)) {
    if (!suffix.empty()) own.push_back(family_->name + std::string(suffix));
  }
  for (std::string& name : own) {
    if (const auto [at, is_new] = names_.insert(std::move(name)); !is_new) {
      return Error{ErrorCode::kParse, fmt::format("sample name {} clashes with an earlier family", Quoted(*at)),
                   family_->start};
    }
  }
  family_.reset();
  groups_.clear();
  plain_series_.clear();
  return {};
}

std::optional<std::string_view> Validator::SuffixOf(std::string_view sample_name) const {
  if (!family_ || !sample_name.starts_with(family_->name)) return std::nullopt;
  const std::string_view rest = sample_name.substr(family_->name.size());
  for (const std::string_view suffix : Suffixes(family_->type)) {
    if (rest == suffix) return suffix;
  }
  return std::nullopt;
}

std::string_view Validator::SpecialLabel(std::string_view suffix) const {
  if (suffix == "_bucket") return "le";
  if (family_->type == MetricType::kSummary && suffix.empty()) return "quantile";
  if (family_->type == MetricType::kStateSet) return family_->name;
  return {};
}

Status Validator::OnSample(const ParsedSample& sample) {
  std::optional<std::string_view> suffix = SuffixOf(sample.name);
  if (!suffix) {
    if (family_ && family_->name == sample.name) {
      return Offence(sample.name, fmt::format("samples of a {} are named {}{}, not {}", MetricTypeName(family_->type),
                                              sample.name, Suffixes(family_->type).front(), sample.name));
    }
    TICKBIRD_RETURN_IF_ERROR(StartFamily(sample.name, sample.name));
    suffix = "";
  }
  family_->has_samples = true;
  TICKBIRD_RETURN_IF_ERROR(CheckLabels(sample));
  const std::string_view special_name = SpecialLabel(*suffix);
  const RawLabel* const special = special_name.empty() ? nullptr : FindLabel(sample, special_name);
  if (!special_name.empty() && !special) {
    return Offence(sample.name, fmt::format("{} of a {} needs the label {}", sample.name, MetricTypeName(family_->type),
                                            Quoted(special_name)));
  }
  TICKBIRD_RETURN_IF_ERROR(EnterGroup(sample, special_name));
  TICKBIRD_RETURN_IF_ERROR(CheckValue(sample, *suffix, special));
  return CheckExemplar(sample, *suffix);
}

Status Validator::CheckLabels(const ParsedSample& sample) const {
  for (std::size_t i = 0; i < sample.labels.size(); ++i) {
    for (std::size_t before = 0; before < i; ++before) {
      if (sample.labels[before].name == sample.labels[i].name) {
        return Offence(sample.labels[i].name, fmt::format("label {} comes twice", Quoted(sample.labels[i].name)));
      }
    }
  }
  return {};
}

Status Validator::EnterGroup(const ParsedSample& sample, std::string_view special_label) {
  // The labels of an info are its value, so all samples of one are the same group.
  const std::uint64_t labels = family_->type == MetricType::kInfo ? 0 : HashLabels(sample, special_label);
  if (!group_ || group_->labels != labels) {
    TICKBIRD_RETURN_IF_ERROR(LeaveGroup());
    if (!groups_.insert(labels).second) {
      return Offence(sample.series,
                     fmt::format("samples with the labels of {} appeared before; those of one label set stand together",
                                 sample.series));
    }
    group_ = Group{.labels = labels,
                   .at = {},
                   .has_timestamp = sample.timestamp.has_value(),
                   .timestamp = -std::numeric_limits<double>::infinity()};
  }
  TICKBIRD_RETURN_IF_ERROR(CheckTime(sample));
  group_->at = parser_.PositionOf(sample.series);
  return {};
}

Status Validator::CheckTime(const ParsedSample& sample) {
  if (group_->has_timestamp != sample.timestamp.has_value()) {
    return Offence(sample.series, "some samples of this label set have a timestamp and some have none");
  }
  if (!sample.timestamp) {
    if (plain_series_.insert(sample.series).second) return {};
    return Offence(sample.series, fmt::format("{} comes twice", sample.series));
  }
  double seconds = 0;
  ReadNumber(sample.timestamp_text, seconds);
  if (seconds < group_->timestamp && family_->type != MetricType::kInfo) {
    return Offence(sample.timestamp_text, "the timestamp is earlier than the one before it");
  }
  if (seconds != group_->timestamp && group_->timestamp != -std::numeric_limits<double>::infinity()) {
    Group next{.labels = group_->labels, .at = {}, .has_timestamp = true};
    TICKBIRD_RETURN_IF_ERROR(LeaveGroup());
    group_ = next;
  }
  group_->timestamp = seconds;
  return {};
}

Status Validator::LeaveGroup() {
  if (!group_) return {};
  const Group group = *group_;
  group_.reset();
  if (family_->type != MetricType::kHistogram && family_->type != MetricType::kGaugeHistogram) return {};
  const auto offence = [&](std::string message) { return Error{ErrorCode::kParse, std::move(message), group.at}; };
  const HistogramState& state = group.histogram;
  const std::string_view g = family_->type == MetricType::kGaugeHistogram ? "g" : "";
  if (!state.infinite) return offence("the histogram that ends here has no bucket le=\"+Inf\"");
  if (state.count && *state.count != *state.infinite)
    return offence(fmt::format("_{}count differs from the bucket le=\"+Inf\"", g));
  if (state.sum.has_value() != state.count.has_value())
    return offence(fmt::format("_{0}sum and _{0}count come together or not at all", g));
  if (state.sum && g.empty() && state.negative_bounds) return offence("a histogram with negative buckets has no _sum");
  if (state.sum && *state.sum < 0 && !state.negative_bounds)
    return offence(fmt::format("_{}sum is negative, but no bucket is", g));
  return {};
}

Status Validator::CheckValue(const ParsedSample& sample, std::string_view suffix, const RawLabel* special) {
  switch (family_->type) {
    case MetricType::kCounter:
      return CheckCumulative(sample, suffix);
    case MetricType::kHistogram:
    case MetricType::kGaugeHistogram:
      return CheckHistogram(sample, suffix, special);
    case MetricType::kSummary:
      return special ? CheckQuantile(sample, *special) : CheckCumulative(sample, suffix);
    case MetricType::kInfo:
      if (sample.value != 1) return Offence(sample.name, "the value of an info is 1");
      return {};
    case MetricType::kStateSet:
      if (sample.value != 0 && sample.value != 1) return Offence(sample.name, "the value of a state is 0 or 1");
      return {};
    case MetricType::kUnknown:
    case MetricType::kGauge:
      return {};
  }
  return {};
}

Status Validator::CheckCumulative(const ParsedSample& sample, std::string_view suffix) const {
  if (std::isnan(sample.value)) return Offence(sample.name, fmt::format("{} is not a number", sample.name));
  if (sample.value < 0 && suffix != "_gsum") return Offence(sample.name, fmt::format("{} is negative", sample.name));
  return {};
}

Status Validator::CheckHistogram(const ParsedSample& sample, std::string_view suffix, const RawLabel* bound) {
  TICKBIRD_RETURN_IF_ERROR(CheckCumulative(sample, suffix));
  HistogramState& state = group_->histogram;
  if (suffix == "_sum" || suffix == "_gsum") state.sum = sample.value;
  if (suffix == "_count" || suffix == "_gcount") state.count = sample.value;
  return bound ? CheckBucket(sample, *bound) : Status{};
}

Status Validator::CheckBucket(const ParsedSample& sample, const RawLabel& label) {
  HistogramState& state = group_->histogram;
  double bound = 0;
  const bool ok = ReadNumber(label.value, bound) && !std::isnan(bound) && (!std::isinf(bound) || label.value == "+Inf");
  if (!ok)
    return Offence(label.value, fmt::format("le={} is not a bound; write a number or \"+Inf\"", Quoted(label.value)));
  if (state.last_bound && bound <= *state.last_bound) return Offence(label.value, "the bounds of buckets must rise");
  if (sample.value < state.last_count)
    return Offence(sample.name, "the bucket holds less than the one before; buckets are cumulative");
  state.last_bound = bound;
  state.last_count = sample.value;
  if (bound < 0) state.negative_bounds = true;
  if (std::isinf(bound)) state.infinite = sample.value;
  return {};
}

Status Validator::CheckQuantile(const ParsedSample& sample, const RawLabel& label) const {
  double quantile = 0;
  if (!ReadNumber(label.value, quantile) || !(quantile >= 0 && quantile <= 1)) {
    return Offence(label.value, fmt::format("quantile={} is not between 0 and 1", Quoted(label.value)));
  }
  if (sample.value < 0) return Offence(sample.name, "the value of a quantile is negative");
  return {};
}

Status Validator::CheckExemplar(const ParsedSample& sample, std::string_view suffix) const {
  if (!sample.has_exemplar) return {};
  if (suffix != "_total" && suffix != "_bucket") {
    return Offence(
        sample.name,
        fmt::format("{} may not have an exemplar; only _total of counters and _bucket of histograms may", sample.name));
  }
  std::size_t characters = 0;
  for (const RawLabel& label : sample.exemplar.labels)
    characters += CountCharacters(label.name) + CountCharacters(label.value);
  if (characters > kMaxExemplarCharacters) {
    return Offence(sample.exemplar.labels.front().name,
                   fmt::format("the labels of the exemplar have {} characters; {} are allowed", characters,
                               kMaxExemplarCharacters));
  }
  return {};
}

}  // namespace

Status ValidateOpenMetrics(std::string_view page) {
  return Validator(page).Run();
}

}  // namespace tickbird::exposition
