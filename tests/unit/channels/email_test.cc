#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/strings.h"
#include "notifiers/channels/email/mail.h"
#include "notifiers/channels/email/mail_body.h"
#include "notifiers/channels/email/mime.h"
#include "tests/unit/channels/samples.h"

namespace tickbird::notify {
namespace {

using testing::Bench;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ParcelOf;
using testing::Raised;
using testing::Spec;

MailLook Look() {
  return {"Tickbird <tickbird@host1>", "ops@example.org", "host1", "http://tick.example", {}};
}

/// No line is over `limit` octets, and every line ends in CRLF.
void ExpectMailLines(std::string_view text, std::size_t limit) {
  ASSERT_TRUE(text.ends_with("\r\n"));
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    ASSERT_NE(end, std::string_view::npos);
    EXPECT_LE(end, limit) << text.substr(0, end);
    EXPECT_EQ(text.substr(0, end).find_first_of("\r\n"), std::string_view::npos);
    text.remove_prefix(end + 2);
  }
}

TEST(QuotedPrintable, EncodesWhatMailWouldChange) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"a", "a\r\n"},
      {"a\nb\r\nc\rd", "a\r\nb\r\nc\r\nd\r\n"},
      {"1=2", "1=3D2\r\n"},
      {"end ", "end=20\r\n"},
      {"\t", "=09\r\n"},
      {".", "=2E\r\n"},
      {"é", "=C3=A9\r\n"},
      {std::string("\0", 1), "=00\r\n"},
  };
  for (const auto& [text, encoded] : cases) EXPECT_EQ(QuotedPrintable(text), encoded);
}

TEST(QuotedPrintable, KeepsLinesShort) {
  ExpectMailLines(QuotedPrintable(std::string(1000, 'x')), 76);
  ExpectMailLines(QuotedPrintable(std::string(1000, '=')), 76);
  std::string dots(300, '.');
  ExpectMailLines(QuotedPrintable(dots), 76);
}

TEST(Header, CannotBeBrokenOut) {
  EXPECT_EQ(Header("Subject", "a\r\nBcc: x@y\n\nbody"), "Subject: a  Bcc: x@y  body\r\n");
}

TEST(Header, FoldsLongLines) {
  std::string words;
  for (int i = 0; i < 60; ++i) words += "word ";
  ExpectMailLines(Header("Subject", words), 78);
  ExpectMailLines(Header("Subject", std::string(300, 'x')), 998);
}

TEST(Header, EncodesWhatIsNotAscii) {
  EXPECT_EQ(Header("Subject", "é"), "Subject: =?utf-8?B?w6k=?=\r\n");
  EXPECT_EQ(Header("Subject", "=?x"), "Subject: =?utf-8?B?PT94?=\r\n");
  std::string text;
  for (int i = 0; i < 100; ++i) text += "日本";
  ExpectMailLines(Header("Subject", text), 84);  // an encoded word and the header's name
}

TEST(MailDate, IsTheOneOfTheRfc) {
  EXPECT_EQ(MailDate(testing::kRaisedAt), "Fri, 21 Nov 2025 12:00:00 +0000");
}

TEST(BareAddress, TakesOnlyWhatSmtpCanCarry) {
  EXPECT_EQ(BareAddress("a@b.example"), "a@b.example");
  EXPECT_EQ(BareAddress(" Ann <a@b.example> "), "a@b.example");
  for (const char* bad : {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nRCPT TO:<x@y>", "<a@b", "é@b", "a@b>"}) {
    EXPECT_EQ(BareAddress(bad), std::nullopt) << bad;
  }
}

TEST(SplitAddresses, SplitsAtCommasOutsideQuotes) {
  EXPECT_EQ(SplitAddresses("a@x, \"B, C\" <b@y>,,"), (std::vector<std::string>{"a@x", "\"B, C\" <b@y>"}));
}

TEST(BuildMail, IsTheSameForEveryAttempt) {
  EXPECT_EQ(BuildMail(ParcelOf({Raised()}), Look()), BuildMail(ParcelOf({Raised()}), Look()));
}

TEST(BuildMail, HasTheHeadersOfAGoodMail) {
  const std::string mail = BuildMail(ParcelOf({Raised()}), Look());
  for (const std::string& header : {
           std::string("From: Tickbird <tickbird@host1>\r\n"),
           std::string("To: ops@example.org\r\n"),
           std::string("Subject: [high] Memory at 87.3% on a\r\n"),
           std::string("Date: Fri, 21 Nov 2025 12:00:00 +0000\r\n"),
           "Message-ID: <" + Raised().key + "@host1.tickbird>\r\n",
           std::string("In-Reply-To: <0123456789abcdef-19aa6491a00.incident@host1.tickbird>\r\n"),
           std::string("References: <0123456789abcdef-19aa6491a00.incident@host1.tickbird>\r\n"),
           std::string("Auto-Submitted: auto-generated\r\n"),
           std::string("List-Id: Tickbird alerts <alerts.host1.tickbird>\r\n"),
           std::string("X-Tickbird-Alert: memory_high\r\n"),
           std::string("X-Tickbird-Level: high\r\n"),
           std::string("X-Tickbird-Status: firing\r\n"),
           std::string("Importance: high\r\n"),
           std::string("MIME-Version: 1.0\r\n"),
       }) {
    EXPECT_THAT(mail, HasSubstr(header));
  }
  ExpectMailLines(mail, 200);
}

TEST(BuildMail, MailsOfOneIncidentShareTheirRoot) {
  const std::string raised = BuildMail(ParcelOf({Raised()}), Look());
  const std::string cleared = BuildMail(ParcelOf({testing::Cleared()}), Look());
  const auto root = [](const std::string& mail) { return mail.substr(mail.find("In-Reply-To"), 70); };
  EXPECT_EQ(root(raised), root(cleared));
  EXPECT_THAT(cleared, HasSubstr("X-Tickbird-Status: resolved"));
}

TEST(BuildMail, LetsNoLabelWriteAHeader) {
  AlertEvent alert = testing::Alert();
  alert.rule = "x\r\nBcc: victim@example.org";
  alert.summary = "y\r\nBcc: victim@example.org\r\n\r\nhello";
  alert.level.name = "high\nX-Evil: 1";
  const std::string mail = BuildMail(ParcelOf({testing::About(alert)}), Look());
  const std::string head = mail.substr(0, mail.find("\r\n\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("\r\nBcc:")));
  EXPECT_THAT(head, Not(HasSubstr("\r\nX-Evil")));
  EXPECT_THAT(head, Not(HasSubstr("\nBcc:")));
}

TEST(BuildMail, TakesExtraHeadersAndASubject) {
  MailLook look = Look();
  look.headers = {{"Subject", "Mine"}, {"Reply-To", "a@b"}};
  const std::string mail = BuildMail(ParcelOf({Raised()}), look);
  EXPECT_THAT(mail, HasSubstr("Subject: Mine\r\n"));
  EXPECT_THAT(mail, HasSubstr("Reply-To: a@b\r\n"));
  EXPECT_THAT(mail, Not(HasSubstr("Subject: [high]")));
}

TEST(BuildMailText, SaysAllThatIsKnown) {
  Message message = Raised();
  message.swallowed = 2;
  const std::string text = BuildMailText({message}, "http://tick.example");
  for (const char* part :
       {"[high] Memory at 87.3% on a", "87.3% (condition: > 85% for 2m)", "It grows.", "What to do: Raise the limit.",
        "Runbook: https://runbooks.example.org/memory?x=1&y=2", "instance = a", "tickbird ack 0123456789abcdef",
        "2 raises within the cooldown", "http://tick.example"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(BuildMailHtml, EscapesEveryValue) {
  AlertEvent alert = testing::Alert();
  const char kEvil[] = "<script>alert('1')</script>";
  alert.summary = alert.detail = alert.advice = alert.condition = alert.rule = kEvil;
  alert.level.name = kEvil;
  alert.runbook = "javascript:alert(1)";
  alert.labels = Labels{{"alertname", kEvil}, {"x", "\" onclick=\"y"}};
  const std::string html = BuildMailHtml({testing::About(alert)}, "http://t/\"><i>");
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("href=\"javascript")));
  EXPECT_THAT(html, Not(HasSubstr("\" onclick")));
  EXPECT_THAT(html, Not(HasSubstr("\"><i>")));
}

TEST(BuildMailText, OfADigestListsAll) {
  const std::string text = BuildMailText({Raised(), testing::Cleared()}, "");
  EXPECT_THAT(text, HasSubstr("[digest] 2 alerts, worst: high, 1 cleared"));
  EXPECT_THAT(text, HasSubstr("  [high] Memory"));
  EXPECT_THAT(text, HasSubstr("  [cleared] Memory"));
}

TEST(Email, ChoosesTheEncryption) {
  using Encryption = OutgoingMail::Encryption;
  struct Case {
    std::vector<std::pair<std::string, std::string>> fields;
    Encryption encryption;
    int port;
  };
  const Case cases[] = {
      {{}, Encryption::kNone, 25},  // this machine
      {{{"smarthost", "smtp.example.org:587"}}, Encryption::kStartTls, 587},
      {{{"smarthost", "smtp.example.org:465"}}, Encryption::kImplicitTls, 465},
      {{{"smarthost", "smtp.example.org:465"}, {"force_implicit_tls", "false"}}, Encryption::kStartTls, 465},
      {{{"smarthost", "smtp.example.org:2525"}, {"force_implicit_tls", "true"}}, Encryption::kImplicitTls, 2525},
      {{{"smarthost", "smtp.example.org:25"}, {"require_tls", "false"}}, Encryption::kNone, 25},
      {{{"smarthost", "[::1]:25"}}, Encryption::kNone, 25},
      {{{"smarthost", "127.0.0.1:25"}, {"require_tls", "true"}}, Encryption::kStartTls, 25},
  };
  for (const Case& c : cases) {
    Bench bench;
    auto fields = c.fields;
    fields.emplace_back("to", "a@b.example");
    auto channel = bench.Create(Spec("email", fields));
    ASSERT_TRUE(channel) << channel.error().message;
    bench.Send(**channel, {Raised()});
    EXPECT_EQ(bench.mail.mails.at(0).encryption, c.encryption);
    EXPECT_EQ(bench.mail.mails.at(0).port, c.port);
  }
}

TEST(Email, FillsTheEnvelope) {
  Bench bench;
  auto channel = bench.Create(Spec("email", {{"to", "Ann <ann@x.example>, bob@y.example"},
                                             {"smarthost", "smtp.example.org:587"},
                                             {"hello", "me"},
                                             {"auth_username", "u"},
                                             {"auth_password", "p"},
                                             {"tls_config.server_name", "s"}}));
  ASSERT_TRUE(channel) << channel.error().message;
  const auto outcome = bench.Send(**channel, {Raised()});
  const OutgoingMail& mail = bench.mail.mails.at(0);
  EXPECT_EQ(mail.host, "smtp.example.org");
  EXPECT_EQ(mail.from, "tickbird@host1");
  EXPECT_EQ(mail.recipients, (std::vector<std::string>{"ann@x.example", "bob@y.example"}));
  EXPECT_EQ(mail.hello, "me");
  EXPECT_EQ(mail.username, "u");
  EXPECT_EQ(mail.password, "p");
  EXPECT_EQ(mail.tls.server_name, "s");
  bench.mail.Answer(MailClient::Outcome{{"bob@y.example"}, "250 ok"});
  EXPECT_EQ((*outcome)->result, SendOutcome::Result::kDelivered);
  EXPECT_EQ((*outcome)->error, "refused for bob@y.example");
}

TEST(Email, ClassesTheReplies) {
  const std::pair<ErrorCode, SendOutcome::Result> cases[] = {
      {ErrorCode::kUnavailable, SendOutcome::Result::kRetry},
      {ErrorCode::kTimeout, SendOutcome::Result::kRetry},
      {ErrorCode::kInvalidArgument, SendOutcome::Result::kFinal},
      {ErrorCode::kPermissionDenied, SendOutcome::Result::kFinal}};
  for (const auto& [code, result] : cases) {
    Bench bench;
    auto channel = bench.Create(Spec("email", {{"to", "a@b.example"}}));
    const auto outcome = bench.Send(**channel, {Raised()});
    bench.mail.Answer(Error{code, "x"});
    EXPECT_EQ((*outcome)->result, result);
  }
}

}  // namespace
}  // namespace tickbird::notify
