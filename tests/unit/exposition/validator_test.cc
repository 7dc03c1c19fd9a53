#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/exposition/openmetrics_validator.h"

namespace tickbird::exposition {
namespace {

// The conformance suite holds the pages that must be refused; here is that the reason and the place are the right ones.
TEST(ValidateOpenMetrics, NamesTheOffence) {
  struct Case {
    std::string_view page;
    std::string_view place_and_text;
  };
  const Case cases[] = {
      {"# TYPE a counter\na 1\n", "2:1: samples of a counter are named a_total, not a"},
      {"# TYPE a counter\na_total -1\n", "2:1: a_total is negative"},
      {"# TYPE a gauge\n# TYPE a gauge\n", "2:8: a second TYPE"},
      {"# TYPE a gauge\na 1\n# HELP a x\n", "3:8: metadata of \"a\" after its samples"},
      {"a 1\nb 1\na 2\n", "3:1: \"a\" appears again"},
      {"# TYPE a counter\na_total 1\n# TYPE a_total gauge\n", "3:8: \"a_total\" appears again or clashes"},
      {"# TYPE a_total gauge\n# TYPE a counter\n", "2:8: sample name \"a_total\" clashes"},
      {"# TYPE a histogram\na_bucket{le=\"1\"} 0\na_sum 0\na_count 0\n",
       "4:1: the histogram that ends here has no bucket le=\"+Inf\""},
      {"# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\na_sum 0\na_count 1\n", "4:1: _count differs"},
      {"# TYPE a histogram\na_bucket{le=\"2\"} 0\na_bucket{le=\"1\"} 0\n", "3:14: the bounds of buckets must rise"},
      {"# TYPE a histogram\na_bucket{le=\"1\"} 5\na_bucket{le=\"+Inf\"} 4\n", "3:1: the bucket holds less"},
      {"# TYPE a summary\na{quantile=\"2\"} 0\n", "2:13: quantile=\"2\" is not between 0 and 1"},
      {"# TYPE a stateset\na{b=\"1\"} 1\n", "2:1: a of a stateset needs the label \"a\""},
      {"# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 1\na{x=\"1\"} 2\n",
       "4:1: samples with the labels of a{x=\"1\"} appeared before"},
      {"# TYPE a gauge\na 1\na 1\n", "3:1: a comes twice"},
      {"# TYPE a gauge\na 1 2\na 1 1\n", "3:5: the timestamp is earlier"},
      {"# TYPE a gauge\na 1 # {x=\"y\"} 1\n", "2:1: a may not have an exemplar"},
      {"# TYPE a gauge\n# UNIT a s\n", "2:8: the name of \"a\" must end in its unit"},
      {"a{x=\"1\",x=\"2\"} 1\n", "1:9: label \"x\" comes twice"},
  };
  for (const Case& c : cases) {
    const Status status = ValidateOpenMetrics(std::string(c.page) + "# EOF\n");
    ASSERT_FALSE(status) << c.page;
    EXPECT_THAT(status.error().ToString(), testing::HasSubstr(c.place_and_text)) << c.page;
  }
}

TEST(ValidateOpenMetrics, ChecksEachTimeOfAHistogramByItself) {
  EXPECT_TRUE(
      ValidateOpenMetrics("# TYPE a histogram\n"
                          "a_bucket{le=\"1\"} 1 1\na_bucket{le=\"+Inf\"} 1 1\na_sum 1 1\na_count 1 1\n"
                          "a_bucket{le=\"1\"} 1 2\na_bucket{le=\"+Inf\"} 2 2\na_sum 3 2\na_count 2 2\n# EOF\n"));
}

}  // namespace
}  // namespace tickbird::exposition
