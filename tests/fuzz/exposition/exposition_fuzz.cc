// Any bytes in: no crash, and what the parser accepts, the writer writes so that the parser reads the same again.
#include <bit>
#include <cstdlib>

#include "core/exposition/negotiate.h"
#include "core/exposition/openmetrics_validator.h"
#include "core/exposition/parser.h"
#include "core/exposition/writer.h"

using namespace tickbird;
using namespace tickbird::exposition;

namespace {

void RoundTrip(const ParsedSample& sample) {
  LabelsBuilder builder;
  if (!ReadLabels(sample, builder)) return;
  const Labels labels = builder.Build();
  std::string page;
  Writer(page, Format::kText, Escaping::kAllowUtf8).Sample(labels.MetricName(), labels, sample.value);
  Parser again(page, Format::kText);
  if (again.Next() != Entry::kSample) std::abort();
  LabelsBuilder copy;
  if (!ReadLabels(again.sample(), copy) || copy.Build() != labels) std::abort();
  const bool same = again.sample().value == sample.value ||
                    (again.sample().value != again.sample().value && sample.value != sample.value);
  if (!same) std::abort();
}

void Walk(std::string_view page, Format format) {
  Parser parser(page, format);
  for (Entry entry = parser.Next(); entry != Entry::kEnd && entry != Entry::kError; entry = parser.Next()) {
    if (entry == Entry::kSample) RoundTrip(parser.sample());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view page(reinterpret_cast<const char*>(data), size);
  Walk(page, Format::kText);
  Walk(page, Format::kOpenMetrics);
  (void)ValidateOpenMetrics(page);
  (void)Negotiate(page);
  return 0;
}
