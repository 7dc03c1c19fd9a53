#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/channels/samples.h"

namespace tickbird::notify {
namespace {

using testing::Bench;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Raised;
using testing::Spec;

using Fields = std::vector<std::pair<std::string, std::string>>;

struct BadSpec {
  const char* kind;
  Fields fields;
  int line;  ///< 100: of the receiver as a whole.
  ErrorCode code;
  const char* text;
};

constexpr ErrorCode kInvalid = ErrorCode::kInvalidArgument;
constexpr ErrorCode kUnsupported = ErrorCode::kUnsupported;
const char kUrl[] = "https://hook.example.org/x";

const BadSpec kBadSpecs[] = {
    {"webhok", {}, 100, kInvalid, "unknown kind \"webhok\" (did you mean \"webhook\"?)"},
    {"pagerduty", {}, 100, kUnsupported, "kind \"pagerduty\" is not supported yet"},
    {"webhook", {}, 100, kInvalid, "needs the field \"url\""},
    {"webhook", {{"url", ""}}, 1, kInvalid, "\"url\" is empty"},
    {"webhook", {{"url", "ftp://x"}}, 1, kInvalid, "\"url\" is not a URL"},
    {"webhook", {{"url", "https://"}}, 1, kInvalid, "\"url\" is not a URL"},
    {"webhook", {{"url", "https://a b"}}, 1, kInvalid, "\"url\" is not a URL"},
    {"webhook", {{"ulr", kUrl}, {"url", kUrl}}, 1, kInvalid, "unknown field \"ulr\" (did you mean \"url\"?)"},
    {"webhook", {{"url", kUrl}, {"url", kUrl}}, 1, kInvalid, "\"url\" is given twice"},
    {"webhook", {{"url", kUrl}, {"url_file", "/x"}}, 2, kInvalid, "\"url\" and \"url_file\" exclude each other"},
    {"webhook", {{"url", kUrl}, {"send_resolved", "yes"}}, 2, kInvalid, "\"send_resolved\" must be true or false"},
    {"webhook", {{"url", kUrl}, {"max_alerts", "-1"}}, 2, kInvalid, "\"max_alerts\" must be a whole number"},
    {"webhook", {{"url", kUrl}, {"timeout", "10"}}, 2, kInvalid, "\"timeout\" must be a time with its unit"},
    {"webhook", {{"url", kUrl}, {"payload", "x"}}, 2, kUnsupported, "\"payload\" is not supported yet"},
    {"webhook", {{"url", kUrl}, {"http_config.proxy_url", "x"}}, 2, kUnsupported, "not supported yet"},
    {"webhook", {{"url", kUrl}, {"http_config.http_headers.X", "a\nb"}}, 2, kInvalid, "a header is not one line"},
    {"webhook",
     {{"url", kUrl}, {"http_config.basic_auth.username", "u"}, {"http_config.bearer_token", "t"}},
     2,
     kInvalid,
     "two kinds of credentials"},
    {"slack", {}, 100, kInvalid, "needs the field \"api_url\""},
    {"slack", {{"url", "nonsense"}}, 1, kInvalid, "\"url\" is not a URL"},
    {"slack", {{"api_url", kUrl}, {"title", "{{ .x }}"}}, 2, kUnsupported, "\"title\" is not supported yet"},
    {"log", {{"file", "/x"}}, 1, kInvalid, "unknown field \"file\""},
    {"log", {{"path", ""}}, 1, kInvalid, "\"path\" is empty"},
    {"email", {}, 100, kInvalid, "needs the field \"to\""},
    {"email", {{"to", "nobody"}}, 1, kInvalid, "\"to\" is not a list of addresses"},
    {"email", {{"to", "a@b"}, {"from", "x"}}, 2, kInvalid, "\"from\" is not an address"},
    {"email", {{"to", "a@b"}, {"smarthost", "smtp.example.org"}}, 2, kInvalid, "\"smarthost\" is not host:port"},
    {"email", {{"to", "a@b"}, {"smarthost", "smtp.example.org:99999"}}, 2, kInvalid, "\"smarthost\" is not host:port"},
    {"email", {{"to", "a@b"}, {"auth_password", "p"}}, 2, kInvalid, "a password needs \"auth_username\""},
    {"email",
     {{"to", "a@b"}, {"smarthost", "s:25"}, {"auth_username", "u"}, {"auth_password", "p"}, {"require_tls", "false"}},
     5,
     kInvalid,
     "a password is never sent without TLS"},
    {"email", {{"to", "a@b"}, {"headers.Message-ID", "x"}}, 2, kInvalid, "is written by Tickbird"},
    {"email", {{"to", "a@b"}, {"headers.X", "{{ .y }}"}}, 2, kUnsupported, "templates in headers"},
    {"email", {{"to", "a@b"}, {"html", "x"}}, 2, kUnsupported, "\"html\" is not supported yet"},
    {"email", {{"to", "a@b"}, {"threading.enabled", "false"}}, 2, kUnsupported, "not supported"},
};

TEST(CreateChannel, SaysWhatIsWrongAndWhere) {
  for (const BadSpec& bad : kBadSpecs) {
    Bench bench;
    const auto channel = bench.Create(Spec(bad.kind, bad.fields));
    ASSERT_FALSE(channel) << bad.text;
    EXPECT_THAT(channel.error().message, HasSubstr(bad.text));
    EXPECT_EQ(channel.error().code, bad.code) << bad.text;
    ASSERT_TRUE(channel.error().position) << bad.text;
    EXPECT_EQ(channel.error().position->line, bad.line) << bad.text;
  }
}

TEST(CreateChannel, ReportsTheFirstProblemOfTheFile) {
  Bench bench;
  const auto channel =
      bench.Create(Spec("webhook", {{"url", "nonsense"}, {"typo", "x"}, {"send_resolved", "perhaps"}}));
  EXPECT_EQ(channel.error().position->line, 1);
}

TEST(CreateChannel, RefusesALimitThatMakesNoSense) {
  Bench bench;
  ReceiverSpec spec = Spec("log", {});
  spec.limit = ReceiverSpec::Limit{0, kHourMs};
  EXPECT_EQ(bench.Create(spec).error().code, kInvalid);
}

TEST(CreateChannel, KnowsWhetherClearsAreWanted) {
  const std::vector<std::pair<const char*, Fields>> minimal = {
      {"webhook", {{"url", kUrl}}}, {"slack", {{"api_url", kUrl}}}, {"email", {{"to", "a@b.example"}}}, {"log", {}}};
  for (const auto& [kind, fields] : minimal) {
    Bench bench;
    EXPECT_TRUE((*bench.Create(Spec(kind, fields)))->send_resolved()) << kind;
    Fields off = fields;
    off.emplace_back("send_resolved", "false");
    EXPECT_FALSE((*bench.Create(Spec(kind, off)))->send_resolved()) << kind;
  }
}

/// Whatever goes wrong, a secret is in no text that we make.
const char kSecret[] = "s3cr3t-T0ken";

TEST(CreateChannel, NeverPutsASecretIntoAnError) {
  const std::string secret = kSecret;
  const std::vector<std::pair<const char*, Fields>> specs = {
      {"webhook", {{"url", secret}}},
      {"webhook", {{"url", "ftp://" + secret}}},
      {"webhook", {{"url", kUrl}, {"secret", secret}, {"timeout", secret}}},
      {"webhook", {{"url", kUrl}, {"send_resolved", secret}}},
      {"webhook", {{"url", kUrl}, {"max_alerts", secret}}},
      {"webhook",
       {{"url", kUrl}, {"http_config.bearer_token", secret}, {"http_config.authorization.credentials", secret}}},
      {"webhook", {{"url", kUrl}, {"http_config.http_headers.Authorization", secret + "\n"}}},
      {"slack", {{"api_url", secret}}},
      {"slack", {{"api_url", kUrl}, {"app_token", secret}}},
      {"email", {{"to", secret}}},
      {"email", {{"to", "a@b"}, {"auth_password", secret}}},
      {"email", {{"to", "a@b"}, {"smarthost", secret}}},
      {"email", {{"to", "a@b"}, {"auth_secret", secret}}},
      {"email", {{"to", "a@b"}, {"headers.Date", secret}}},
      {"log", {{"password", secret}}},
  };
  for (const auto& [kind, fields] : specs) {
    Bench bench;
    const auto channel = bench.Create(Spec(kind, fields));
    ASSERT_FALSE(channel) << kind;
    EXPECT_THAT(channel.error().message, Not(HasSubstr(kSecret)));
  }
}

TEST(Channel, NeverPutsASecretIntoAnOutcome) {
  const std::string secret = kSecret;
  const std::vector<std::pair<const char*, Fields>> specs = {
      {"webhook", {{"url", "https://hook.example.org/" + secret}}},
      {"webhook", {{"url", kUrl}, {"secret", secret}}},
      {"webhook", {{"url", kUrl}, {"http_config.bearer_token", secret}}},
      {"webhook",
       {{"url", kUrl}, {"http_config.basic_auth.username", "u"}, {"http_config.basic_auth.password", secret}}},
      {"webhook", {{"url", kUrl}, {"http_config.http_headers.X-Key", secret}}},
      {"slack", {{"api_url", "https://hooks.example.org/" + secret}}},
  };
  for (const auto& [kind, fields] : specs) {
    for (const bool transport_error : {true, false}) {
      Bench bench;
      auto channel = bench.Create(Spec(kind, fields));
      ASSERT_TRUE(channel) << channel.error().message;
      const auto outcome = bench.Send(**channel, {Raised()});
      const std::string echo = bench.http.requests.at(0).url + " " + secret + std::string(300, 'x');
      if (transport_error) {
        bench.http.Answer(Error{ErrorCode::kUnavailable, "no route to " + echo});
      } else {
        bench.http.Answer(500, std::string(190, ' ') + echo);
      }
      EXPECT_THAT((*outcome)->error, Not(HasSubstr(kSecret)));
      EXPECT_THAT((*outcome)->error, Not(HasSubstr("s3cr3t")));
    }
  }
  Bench bench;
  auto channel = bench.Create(
      Spec("email", {{"to", "a@b"}, {"smarthost", "s:587"}, {"auth_username", "u"}, {"auth_password", secret}}));
  const auto outcome = bench.Send(**channel, {Raised()});
  bench.mail.Answer(Error{ErrorCode::kPermissionDenied, "535 no such password: " + secret});
  EXPECT_THAT((*outcome)->error, Not(HasSubstr(kSecret)));
}

}  // namespace
}  // namespace tickbird::notify
