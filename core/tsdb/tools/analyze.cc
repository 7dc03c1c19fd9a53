#include "core/tsdb/tools/analyze.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/json_writer.h"
#include "core/base/number.h"

namespace tickbird::tsdb {
namespace {

struct PairFacts {
  std::int64_t series = 0;
  double missing_ms = 0;  // time of the block in which series with it were not there
};

struct NameFacts {
  std::map<std::string, PairFacts, std::less<>> values;
  double missing_ms = 0;
};

using Facts = std::map<std::string, NameFacts, std::less<>>;

/// The largest numbers first; of equal ones the first name.
class RankingBuilder {
 public:
  void Add(std::string name, double number) { all_.emplace_back(std::move(name), number); }
  BlockAnalysis::Ranking Take(std::size_t limit) {
    const std::size_t kept = std::min(limit, all_.size());
    std::partial_sort(
        all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(kept), all_.end(),
        [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
    all_.resize(kept);
    return std::move(all_);
  }

 private:
  BlockAnalysis::Ranking all_;
};

class Analyzer {
 public:
  explicit Analyzer(const Block& block) : duration_(block.meta().max_time - block.meta().min_time) {
    analysis_.ulid = block.meta().ulid;
    analysis_.duration = duration_;
    analysis_.block_bytes = block.bytes();
  }

  void Add(const ChunkSeries& series) {
    ++analysis_.series;
    analysis_.chunks += static_cast<std::int64_t>(series.chunks.size());
    for (const ChunkRef& chunk : series.chunks) {
      analysis_.samples += static_cast<std::int64_t>(chunk.sample_count());
      analysis_.chunk_bytes += static_cast<std::int64_t>(chunk.bytes().size());
    }
    const auto there = static_cast<double>(series.chunks.back().max_time() - series.chunks.front().min_time());
    const double missing = std::max(0.0, static_cast<double>(duration_) - there);
    for (const LabelView& label : series.labels) AddLabel(label, missing);
  }

  void AddDamage(std::string what) { analysis_.damages.push_back(std::move(what)); }

  BlockAnalysis Take(std::size_t limit) {
    RankingBuilder churning_pairs, churning_names, common_pairs, value_bytes, value_counts, metrics;
    const double duration = std::max(1.0, static_cast<double>(duration_));
    analysis_.label_names = static_cast<std::int64_t>(facts_.size());
    for (const auto& [name, of_name] : facts_) {
      std::size_t bytes = 0;
      for (const auto& [value, pair] : of_name.values) {
        bytes += value.size();
        common_pairs.Add(name + "=" + value, static_cast<double>(pair.series));
        churning_pairs.Add(name + "=" + value, pair.missing_ms / duration);
        if (name == kMetricNameLabel) metrics.Add(value, static_cast<double>(pair.series));
      }
      analysis_.label_pairs += static_cast<std::int64_t>(of_name.values.size());
      value_bytes.Add(name, static_cast<double>(bytes));
      value_counts.Add(name, static_cast<double>(of_name.values.size()));
      churning_names.Add(name, of_name.missing_ms / duration);
    }
    analysis_.churning_pairs = churning_pairs.Take(limit);
    analysis_.churning_names = churning_names.Take(limit);
    analysis_.common_pairs = common_pairs.Take(limit);
    analysis_.value_bytes = value_bytes.Take(limit);
    analysis_.value_counts = value_counts.Take(limit);
    analysis_.metrics = metrics.Take(limit);
    return std::move(analysis_);
  }

 private:
  template <class Map>
  static auto& Entry(Map& map, std::string_view key) {
    const auto found = map.find(key);
    return found != map.end() ? found->second : map[std::string(key)];
  }

  void AddLabel(const LabelView& label, double missing) {
    ++analysis_.label_pair_entries;
    NameFacts& name = Entry(facts_, label.name);
    name.missing_ms += missing;
    PairFacts& pair = Entry(name.values, label.value);
    ++pair.series;
    pair.missing_ms += missing;
  }

  DurationMs duration_;
  BlockAnalysis analysis_;
  Facts facts_;
};

struct Section {
  const char* title;
  const char* key;
  BlockAnalysis::Ranking BlockAnalysis::* ranking;
};
constexpr Section kSections[] = {
    {"Label pairs most involved in churning", "churningLabelPairs", &BlockAnalysis::churning_pairs},
    {"Label names most involved in churning", "churningLabelNames", &BlockAnalysis::churning_names},
    {"Most common label pairs", "commonLabelPairs", &BlockAnalysis::common_pairs},
    {"Label names with highest cumulative label value length", "labelValueBytes", &BlockAnalysis::value_bytes},
    {"Highest cardinality labels", "labelValueCounts", &BlockAnalysis::value_counts},
    {"Highest cardinality metric names", "metricSeries", &BlockAnalysis::metrics},
};

double BytesPerSample(std::int64_t bytes, const BlockAnalysis& analysis) {
  return analysis.samples == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(analysis.samples);
}

}  // namespace

Result<BlockAnalysis> AnalyzeBlock(const Block& block, std::size_t limit) {
  Analyzer analyzer(block);
  const auto source = block.AllSeries();
  ChunkSeries series;
  while (true) {
    const auto more = source->Next(&series);
    if (!more && more.error().code != ErrorCode::kCorruption) return more.error();
    if (!more) analyzer.AddDamage(more.error().message);
    if (more && !*more) break;
    if (!series.chunks.empty()) analyzer.Add(series);
  }
  return analyzer.Take(limit);
}

std::string FormatAnalysis(const BlockAnalysis& analysis) {
  std::string out = fmt::format(
      "Block ID: {}\nDuration: {}\nSeries: {}\nLabel names: {}\nPostings (unique label pairs): {}\n"
      "Postings entries (total label pairs): {}\nSamples: {}\nChunks: {}\n"
      "Bytes per sample: {:.2f} in chunks, {:.2f} with index\n",
      analysis.ulid, FormatDuration(analysis.duration), analysis.series, analysis.label_names, analysis.label_pairs,
      analysis.label_pair_entries, analysis.samples, analysis.chunks, BytesPerSample(analysis.chunk_bytes, analysis),
      BytesPerSample(analysis.block_bytes, analysis));
  for (const Section& section : kSections) {
    out += fmt::format("\n{}:\n", section.title);
    for (const auto& [name, number] : analysis.*section.ranking)
      out += fmt::format("{} {}\n", static_cast<std::int64_t>(number), name);
  }
  for (const std::string& damage : analysis.damages) out += fmt::format("\ndamaged: {}\n", damage);
  return out;
}

std::string AnalysisJson(const BlockAnalysis& analysis) {
  JsonWriter json;
  json.BeginObject().Key("ulid").String(analysis.ulid).Key("durationMs").Int(analysis.duration);
  json.Key("series").Int(analysis.series).Key("samples").Int(analysis.samples);
  json.Key("chunks").Int(analysis.chunks).Key("chunkBytes").Int(analysis.chunk_bytes);
  json.Key("blockBytes").Int(analysis.block_bytes).Key("labelNames").Int(analysis.label_names);
  json.Key("labelPairs").Int(analysis.label_pairs).Key("labelPairEntries").Int(analysis.label_pair_entries);
  for (const Section& section : kSections) {
    json.Key(section.key).BeginArray();
    for (const auto& [name, number] : analysis.*section.ranking)
      json.BeginObject().Key("name").String(name).Key("value").Double(number).EndObject();
    json.EndArray();
  }
  json.Key("damages").BeginArray();
  for (const std::string& damage : analysis.damages) json.String(damage);
  json.EndArray().EndObject();
  return std::move(json).Take();
}

}  // namespace tickbird::tsdb
