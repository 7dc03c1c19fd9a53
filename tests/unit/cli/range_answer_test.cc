#include "agent/cli/range_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace tickbird::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ParseRangeAnswer, TakesSeriesWithTheirSamples) {
  const auto answer = ParseRangeAnswer(
      R"({"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"up","job":"a"},"values":[[1700000000,"1"],[1700000000.1,"2.5"],[1700000001.999,"+Inf"]]},
        {"metric":{},"histograms":[[1,{}],[2,{}]]}]}})");
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->series.size(), 2U);
  EXPECT_EQ(answer->series[0].labels, (Labels{{"__name__", "up"}, {"job", "a"}}));
  EXPECT_THAT(answer->series[0].samples,
              ElementsAre(Sample{1700000000000, 1}, Sample{1700000000100, 2.5}, Sample{1700000001999, INFINITY}));
  EXPECT_EQ(answer->histograms, 2);
}

TEST(ParseRangeAnswer, PassesTheServersErrorOn) {
  const auto answer = ParseRangeAnswer(R"({"status":"error","errorType":"execution","error":"too many samples"})");
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(answer.error().message, "too many samples");
}

TEST(ParseRangeAnswer, RefusesWhatIsNone) {
  const std::string series = R"({"data":{"result":[{"metric":{"a":"b"},"values":)";
  for (const std::string& body :
       {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"), std::string(R"({"data":[]})"),
        std::string(R"({"data":{"result":{}}})"), std::string(R"({"data":{"result":[1]}})"),
        std::string(R"({"data":{"result":[{}]}})"), std::string(R"({"data":{"result":[{"metric":{"a":1}}]}})"),
        series + "1}]}}", series + "[1]}]}}", series + "[[1]]}]}}", series + R"([["1","1"]]}]}})",
        series + R"([[1,1]]}]}})", series + R"([[1e300,"1"]]}]}})", series + R"([[1,"x"]]}]}})", series}) {
    const auto answer = ParseRangeAnswer(body);
    EXPECT_FALSE(answer) << body;
  }
}

}  // namespace
}  // namespace tickbird::cli
