#include "core/exposition/parser.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/number.h"

namespace tickbird::exposition {
namespace {

using testing::HasSubstr;

/// What a page says, one text an entry, so that tests read as tables: "sample a{x=\"1\"} 2 @3", "type a gauge".
std::vector<std::string> Read(std::string_view page, Format format = Format::kText) {
  std::vector<std::string> entries;
  Parser parser(page, format);
  for (;;) {
    switch (parser.Next()) {
      case Entry::kSample: {
        const ParsedSample& sample = parser.sample();
        LabelsBuilder builder;
        const Status status = ReadLabels(sample, builder);
        std::string text = status ? builder.Build().ToString() : status.error().message;
        text += " " + FormatDouble(sample.value);
        if (sample.timestamp) text += " @" + std::to_string(*sample.timestamp);
        if (sample.has_exemplar) {
          text += " exemplar";
          for (const RawLabel& label : sample.exemplar.labels)
            text += " " + std::string(label.name) + "=" + std::string(label.value);
          text += " " + FormatDouble(sample.exemplar.value);
          if (sample.exemplar.timestamp) text += " @" + std::to_string(*sample.exemplar.timestamp);
        }
        entries.push_back(std::move(text));
        break;
      }
      case Entry::kType:
        entries.push_back("type " + std::string(parser.metadata().family) + " " +
                          std::string(MetricTypeName(parser.metadata().type)));
        break;
      case Entry::kHelp:
        entries.push_back("help " + std::string(parser.metadata().family) + " <" + std::string(parser.metadata().text) +
                          ">");
        break;
      case Entry::kUnit:
        entries.push_back("unit " + std::string(parser.metadata().family) + " <" + std::string(parser.metadata().text) +
                          ">");
        break;
      case Entry::kEnd:
        return entries;
      case Entry::kError:
        entries.push_back("error " + parser.error().ToString());
        return entries;
    }
  }
}

TEST(TextParser, ReadsWhatTheFormatAllows) {
  struct Case {
    std::string_view page;
    std::vector<std::string> entries;
  };
  const Case cases[] = {
      {"", {}},
      {"\n  \n\t\n", {}},
      {"up 1\n", {"up 1"}},
      {"up 1", {"up 1"}},
      {"  up\t  1  \n", {"up 1"}},
      {"up 1 1700000000123\n", {"up 1 @1700000000123"}},
      {"up 1 -5\n", {"up 1 @-5"}},
      {"up{} 1\n", {"up 1"}},
      {"up { a = \"1\" , b=\"2\" , } 3\n", {"up{a=\"1\", b=\"2\"} 3"}},
      {"up{a=\"1\"}3\n", {"up{a=\"1\"} 3"}},
      {"a:b_C9 1\n", {"a:b_C9 1"}},
      {"x{a=\"q\\\"b\\\\c\\nd\\e}, #\"} 1\n", {"x{a=\"q\\\"b\\\\c\\nd\\\\e}, #\"} 1"}},
      {"x{b=\"1\",a=\"\"} 1\n", {"x{b=\"1\"} 1"}},
      {"x{a=\"\xc3\xa9\"} 1\n", {"x{a=\"\xc3\xa9\"} 1"}},
      {"{\"my.metric\"} 1\n", {"my.metric 1"}},
      {"{\"my.metric\",\"a.b\"=\"c\",d=\"e\"} 1\n", {"my.metric{a.b=\"c\", d=\"e\"} 1"}},
      {"m{\"le\\\"ft\"=\"1\"} 1\n", {"m{le\"ft=\"1\"} 1"}},
      {"# a comment\n#HELP none\n# HELPX y\n#\nup 1\n", {"up 1"}},
      {"# HELP up It\\n is \\\\up \\\"\n", {"help up <It\n is \\up \">"}},
      {"#  HELP\tup   text \n", {"help up <text >"}},
      {"# HELP up\n", {"help up <>"}},
      {"# HELP \"my.metric\" text\n# TYPE \"my.metric\" gauge\n", {"help my.metric <text>", "type my.metric gauge"}},
      {"# TYPE up gauge\n# TYPE c counter\n# TYPE u untyped\n# TYPE s summary\n# TYPE h histogram \n",
       {"type up gauge", "type c counter", "type u unknown", "type s summary", "type h histogram"}},
      {"# EOF\nup 1\n", {"up 1"}},
      {"a NaN\nb +Inf\nc -Inf\nd inf\ne nan\n", {"a NaN", "b +Inf", "c -Inf", "d +Inf", "e NaN"}},
  };
  for (const Case& c : cases) EXPECT_EQ(Read(c.page), c.entries) << c.page;
}

TEST(TextParser, RefusesWithPlaceAndReason) {
  struct Case {
    std::string_view page;
    std::string_view place_and_text;
  };
  const Case cases[] = {
      {"up\n", "1:3: expected a blank and the value, found the end of the line"},
      {"ok 1\nup\n", "2:3: "},
      {"up abc\n", "1:4: \"abc\" is not a number"},
      {"up 0x10\n", "1:4: "},
      {"up 1_0\n", "1:4: "},
      {"up 1 1.5\n", "1:6: \"1.5\" is not a timestamp; write whole milliseconds"},
      {"up 1 +-2\n", "1:6: "},
      {"up 1 2 3\n", "1:8: expected the end of the line, found \"3\""},
      {"up 1 # {a=\"b\"} 1\n", "exemplars exist in OpenMetrics only"},
      {"up 1\r\n", "1:4: "},
      {"9up 1\n", "1:1: expected a metric name"},
      {"my.metric 1\n", "1:3: "},
      {"up{a=\"1} 2\n", "1:6: the closing quote is missing"},
      {"up{a=\"1\\\n", "1:6: the closing quote is missing"},
      {"up{a=\"1\"", "1:9: expected ',' or '}'"},
      {"up{a=1} 2\n", "1:6: expected a label value in double quotes, found \"1\""},
      {"up{a} 2\n", "1:5: expected '='"},
      {"up{,} 2\n", "1:4: expected a label name"},
      {"up{a=\"1\",,} 2\n", "1:10: expected a label name"},
      {"up{\"quoted\"} 2\n", "1:12: expected '='"},
      {"{a=\"1\"} 2\n", "1:1: a series without a metric name"},
      {"{} 2\n", "1:1: a series without a metric name"},
      {"{\"\"} 2\n", "1:2: a name may not be empty"},
      {"{a=\"1\",\"late\"} 2\n", "1:14: expected '='"},
      {"up{a=\"\xff\"} 2\n", "1:6: the text in quotes is not valid UTF-8"},
      {"# HELP up \xff\n", "1:11: the text is not valid UTF-8"},
      {"# TYPE up blah\n", "1:11: \"blah\" is not a type; write counter"},
      {"# TYPE up info\n", "1:11: "},
      {"# TYPE up\n", "1:10: expected a blank and a type"},
      {"# TYPE up gauge x\n", "1:17: expected the end of the line"},
      {"# HELP 9 x\n", "1:8: expected the name of a family"},
      {"# TYPE a-b gauge\n", "1:9: "},
  };
  for (const Case& c : cases) {
    const auto entries = Read(c.page);
    ASSERT_FALSE(entries.empty()) << c.page;
    EXPECT_THAT(entries.back(), HasSubstr(c.place_and_text)) << c.page;
    EXPECT_TRUE(entries.back().starts_with("error ")) << c.page << entries.back();
  }
}

TEST(TextParser, StaysAtTheErrorAndAtTheEnd) {
  Parser bad("up\nup 1\n", Format::kText);
  EXPECT_EQ(bad.Next(), Entry::kError);
  EXPECT_EQ(bad.Next(), Entry::kError);
  Parser good("up 1\n", Format::kText);
  EXPECT_EQ(good.Next(), Entry::kSample);
  EXPECT_EQ(good.Next(), Entry::kEnd);
  EXPECT_EQ(good.Next(), Entry::kEnd);
}

TEST(TextParser, HandsOutTheSeriesAsWritten) {
  const std::string page = "a{x=\"1\"} 1\na {x=\"1\"}   2\n{\"b.c\", y=\"\\\"\"} 3 4\nd 5";
  std::vector<std::string> series;
  Parser parser(page, Format::kText);
  while (parser.Next() == Entry::kSample) series.emplace_back(parser.sample().series);
  EXPECT_EQ(series, (std::vector<std::string>{"a{x=\"1\"}", "a {x=\"1\"}", "{\"b.c\", y=\"\\\"\"}", "d"}));
}

TEST(OpenMetricsParser, ReadsTimestampsInSecondsUnitsAndExemplars) {
  EXPECT_EQ(Read("# TYPE a counter\n# UNIT a_s s\n# HELP a \na_total{b=\"c\"} 1 1.5 # {trace=\"x\"} 0.25 2\na_total 2 "
                 "# {} 3\n# EOF\n",
                 Format::kOpenMetrics),
            (std::vector<std::string>{"type a counter", "unit a_s <s>", "help a <>",
                                      "a_total{b=\"c\"} 1 @1500 exemplar trace=x 0.25 @2000", "a_total 2 exemplar 3"}));
}

TEST(OpenMetricsParser, IsExactAboutBlanksAndTheEnd) {
  struct Case {
    std::string_view page;
    std::string_view place_and_text;
  };
  const Case cases[] = {
      {"a 1\n", "2:1: the page ends without \"# EOF\""},
      {"", "1:1: the page ends without \"# EOF\""},
      {"# EOF\n\n", "2:1: text after \"# EOF\""},
      {"a  1\n# EOF\n", "1:3: more than one blank"},
      {" a 1\n# EOF\n", "1:1: expected a metric name"},
      {"a{b=\"c\"}1\n# EOF\n", "1:9: expected a blank"},
      {"a{ b=\"c\"} 1\n# EOF\n", "1:3: blank inside the braces"},
      {"a{b=\"c\",} 1\n# EOF\n", "1:8: a comma after the last label"},
      {"# a comment\n# EOF\n", "1:1: only \"# HELP\""},
      {"\n# EOF\n", "1:1: blank line"},
      {"# TYPE a untyped\n# EOF\n", "1:10: \"untyped\" is not a type"},
  };
  for (const Case& c : cases)
    EXPECT_THAT(Read(c.page, Format::kOpenMetrics).back(), HasSubstr(c.place_and_text)) << c.page;
}

TEST(Parser, ReadsNumbersAsTheLibraryDoes) {
  const char* const numbers[] = {"0",
                                 "-0",
                                 "1.",
                                 ".5",
                                 "1e3",
                                 "-1.5E-7",
                                 "123456789012345",
                                 "1234567890123456",
                                 "0.1",
                                 "1e400",
                                 "1e-400",
                                 "9007199254740993",
                                 "0.000000000000001",
                                 "99999.99999",
                                 "-123.456",
                                 "4.9e-324",
                                 "1.7976931348623157e308",
                                 "0.30000000000000004"};
  for (const char* const text : numbers) {
    const std::string page = std::string("a ") + text + "\n";
    Parser parser(page, Format::kText);
    ASSERT_EQ(parser.Next(), Entry::kSample) << text;
    const double expected = *ParseDouble(text);
    EXPECT_EQ(parser.sample().value, expected) << text;
    EXPECT_EQ(std::signbit(parser.sample().value), std::signbit(expected)) << text;
  }
  for (const char* const text : {"", "-", ".", "1..2", "e5", "1e", "--1", "0x1", "1,5", "Infinit"}) {
    const std::string page = std::string("a{b=\"c\"} ") + text + "\n";
    EXPECT_EQ(Parser(page, Format::kText).Next(), Entry::kError) << text;
  }
}

TEST(ReadLabels, RefusesALabelThatComesTwice) {
  EXPECT_THAT(Read("a{x=\"1\",x=\"2\"} 1\n").front(), HasSubstr("label \"x\" comes twice"));
  EXPECT_THAT(Read("a{__name__=\"b\"} 1\n").front(), HasSubstr("__name__"));
}

// A page can be cut or damaged anywhere: any answer is right, reading past its end is not (the sanitizer build looks).
TEST(Parser, SurvivesCutAndDamagedPages) {
  const std::string page =
      "# HELP \"a.b\" h\\n\n# TYPE a counter\n# UNIT a s\na_total{x=\"\\\"\",\"y.z\"=\"\xc3\xa9\"} 1.5e3 12 # "
      "{t=\"1\"} 2 3\n# EOF\n";
  for (const Format format : {Format::kText, Format::kOpenMetrics}) {
    for (std::size_t cut = 0; cut <= page.size(); ++cut) {
      const std::vector<char> exact(page.begin(), page.begin() + static_cast<std::ptrdiff_t>(cut));
      Read({exact.data(), exact.size()}, format);
      for (const char damage : {'\0', '"', '\\', '{', '}', '#', ' ', '\n', '\xff'}) {
        std::vector<char> damaged = exact;
        if (!damaged.empty()) damaged[cut / 2] = damage;
        Read({damaged.data(), damaged.size()}, format);
      }
    }
  }
}

}  // namespace
}  // namespace tickbird::exposition
