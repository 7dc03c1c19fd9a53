#include "core/exposition/negotiate.h"

#include <gtest/gtest.h>

namespace tickbird::exposition {
namespace {

TEST(Negotiate, ChoosesByQualityThenByOrder) {
  constexpr std::string_view kText = "text/plain; version=0.0.4; charset=utf-8";
  constexpr std::string_view kOpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  struct Case {
    std::string_view accept;
    std::string content_type;
  };
  const Case cases[] = {
      {"", std::string(kText)},
      {"*/*", std::string(kText)},
      {"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", std::string(kText)},
      {"application/json", std::string(kText)},
      {"application/openmetrics-text", std::string(kOpenMetrics)},
      {"application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       std::string(kOpenMetrics)},
      {"application/openmetrics-text;q=0.2,text/plain;q=0.7", std::string(kText)},
      {"application/openmetrics-text; version=0.0.1", "application/openmetrics-text; version=0.0.1; charset=utf-8"},
      {"application/openmetrics-text; version=2.0.0", std::string(kText)},
      {"application/openmetrics-text;q=0", std::string(kText)},
      {"application/openmetrics-text;q=abc", std::string(kText)},
      // Prometheus 3, without native histograms.
      {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
       "openmetrics-text;version=0.0.1;q=0.5,"
       "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
       std::string(kOpenMetrics) + "; escaping=allow-utf-8"},
      {"text/plain;version=1.0.0;escaping=dots", "text/plain; version=1.0.0; charset=utf-8; escaping=dots"},
      {"text/plain;escaping=\"values\"", std::string(kText) + "; escaping=values"},
      {"text/plain;escaping=nonsense", std::string(kText)},
      // Prometheus with native histograms asks for protobuf first, which we do not write.
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,application/"
       "openmetrics-text;"
       "version=1.0.0;q=0.6",
       std::string(kOpenMetrics)},
      {" , ;;;q=1, text/plain", std::string(kText)},
  };
  for (const Case& c : cases) EXPECT_EQ(Negotiate(c.accept).content_type, c.content_type) << c.accept;
  EXPECT_EQ(Negotiate("application/openmetrics-text;escaping=allow-utf-8").escaping, Escaping::kAllowUtf8);
  EXPECT_EQ(Negotiate("text/plain").escaping, Escaping::kUnderscores);
}

}  // namespace
}  // namespace tickbird::exposition
