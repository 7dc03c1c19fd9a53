#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/integration/net/egress_fixture.h"
#include "tests/integration/net/smtp_peer.h"

namespace tickbird::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class EgressMailTest : public EgressTest {
 protected:
  void SetUp() override {
    EgressTest::SetUp();
    // Asked here, because a skip in a function that a test calls would not end the test.
    static const bool has_server = std::system("/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null") == 0;
    if (!has_server) GTEST_SKIP() << "python3-aiosmtpd is not installed; ./dev test --all installs it";
    if (!certificate.ok()) GTEST_SKIP() << "the openssl command is not installed; ./dev test --all installs it";
  }
  void StartPeer(std::vector<std::string> arguments) {
    peer = std::make_unique<SmtpPeer>(std::move(arguments));
    ASSERT_NE(peer->port(), 0) << "the SMTP server did not start";
  }
  void StartTlsPeer(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--cert", certificate.cert(), "--key", certificate.key()});
    StartPeer(std::move(arguments));
  }
  OutgoingMail Mail(OutgoingMail::Encryption encryption) {
    OutgoingMail mail;
    mail.host = "127.0.0.1";
    mail.port = peer->port();
    mail.encryption = encryption;
    mail.tls = {.ca_file = certificate.cert(), .server_name = "mail.test"};
    mail.hello = "agent.test";
    mail.from = "tickbird@agent.test";
    mail.recipients = {"oncall@example.org"};
    mail.message = "Subject: disk full\r\n\r\nline\r\n.dot\r\n..two\r\nend\r\n";
    mail.timeout = kNeverExpires;
    return mail;
  }

  TestCertificate certificate;
  std::unique_ptr<SmtpPeer> peer;
};

using enum OutgoingMail::Encryption;

TEST_F(EgressMailTest, DeliversInPlainText) {
  StartPeer({});
  const auto result = Send(Mail(kNone));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->reply, "250 2.0.0 queued as 12345");
  EXPECT_TRUE(result->refused.empty());
  const std::string mail = peer->NextMail();
  EXPECT_THAT(
      mail, HasSubstr(R"("from":"tickbird@agent.test","to":["oncall@example.org"],"hello":"agent.test","tls":false)"));
  EXPECT_THAT(mail, HasSubstr(R"("data":"Subject: disk full\r\n\r\nline\r\n.dot\r\n..two\r\nend\r\n")"))
      << "dots survive";
}

TEST_F(EgressMailTest, DeliversOverStartTlsWithAPassword) {
  StartTlsPeer({"--user", "bird", "--password", "s3cret!"});
  OutgoingMail mail = Mail(kStartTls);
  mail.username = "bird";
  mail.password = "s3cret!";
  const auto result = Send(mail);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(peer->NextMail(), HasSubstr(R"("tls":true,"authenticated":true)"));
  mail.password = "wrong-pass";
  const auto denied = Send(mail);
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(denied.error().message, HasSubstr("535"));
  EXPECT_THAT(denied.error().message, Not(HasSubstr("wrong-pass")));
}

TEST_F(EgressMailTest, DeliversOverImplicitTls) {
  StartTlsPeer({"--implicit-tls", "--user", "bird", "--password", "s3cret!"});
  OutgoingMail mail = Mail(kImplicitTls);
  mail.username = "bird";
  mail.password = "s3cret!";
  const auto result = Send(mail);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(peer->NextMail(), HasSubstr(R"("tls":true,"authenticated":true)"));
}

TEST_F(EgressMailTest, NeverFallsBackToPlainText) {
  StartPeer({});
  const auto result = Send(Mail(kStartTls));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(result.error().message, HasSubstr("STARTTLS"));
}

TEST_F(EgressMailTest, ChecksTheCertificate) {
  StartTlsPeer({});
  OutgoingMail mail = Mail(kStartTls);
  mail.tls.server_name = "other.test";
  const auto wrong_name = Send(mail);
  ASSERT_FALSE(wrong_name);
  EXPECT_EQ(wrong_name.error().code, ErrorCode::kUnavailable);
  mail.tls = {};
  EXPECT_FALSE(Send(mail)) << "self-signed";
  mail.tls.insecure_skip_verify = true;
  EXPECT_TRUE(Send(mail));
}

TEST_F(EgressMailTest, SendsNoPasswordInClearTextExceptToLoopback) {
  OutgoingMail mail;
  mail.host = "192.0.2.1";
  mail.encryption = kNone;
  mail.username = "bird";
  mail.password = "s3cret!";
  mail.from = "a@b.test";
  mail.recipients = {"c@d.test"};
  const auto refused = Send(mail);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(refused.error().message, HasSubstr("STARTTLS"));
  StartPeer({"--user", "bird", "--password", "s3cret!"});
  OutgoingMail local = Mail(kNone);
  local.username = "bird";
  local.password = "s3cret!";
  const auto result = Send(local);
  EXPECT_TRUE(result) << result.error().message;
}

TEST_F(EgressMailTest, ReportsTheRecipientsThatWereRefused) {
  StartPeer({});
  OutgoingMail mail = Mail(kNone);
  mail.recipients = {"refuse550@a.test", "first@a.test", "refuse451@a.test", "second@a.test"};
  const auto result = Send(mail);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(result->refused, ElementsAre("refuse550@a.test", "refuse451@a.test"));
  EXPECT_THAT(peer->NextMail(), HasSubstr(R"("to":["first@a.test","second@a.test"])"));
}

TEST_F(EgressMailTest, TellsFinalFromTemporaryRefusals) {
  StartPeer({});
  struct Case {
    const char* recipient;
    ErrorCode code;
    const char* text;
  };
  for (const Case& c : {Case{"refuse550@a.test", ErrorCode::kInvalidArgument, "550 5.1.1 no such mailbox here"},
                        Case{"refuse451@a.test", ErrorCode::kUnavailable, "451 4.7.1 come back later"}}) {
    OutgoingMail mail = Mail(kNone);
    mail.recipients = {c.recipient};
    const auto result = Send(mail);
    ASSERT_FALSE(result) << c.recipient;
    EXPECT_EQ(result.error().code, c.code) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr(c.text));
  }
}

TEST_F(EgressMailTest, GivesUpOnAServerThatStallsAndNoticesOneThatDrops) {
  StartPeer({});
  OutgoingMail mail = Mail(kNone);
  mail.recipients = {"stall@a.test"};
  mail.timeout = kMustExpire;
  const auto stalled = Send(mail);
  ASSERT_FALSE(stalled);
  EXPECT_EQ(stalled.error().code, ErrorCode::kTimeout);
  mail.recipients = {"drop@a.test"};
  mail.timeout = kNeverExpires;
  const auto dropped = Send(mail);
  ASSERT_FALSE(dropped);
  EXPECT_EQ(dropped.error().code, ErrorCode::kUnavailable) << dropped.error().message;
}

TEST_F(EgressMailTest, UsesAConnectionAgain) {
  StartPeer({});
  const auto peer_port = [](const std::string& mail) { return mail.substr(mail.find("\"peer\":"), 13); };
  ASSERT_TRUE(Send(Mail(kNone)));
  const std::string first = peer->NextMail();
  ASSERT_TRUE(Send(Mail(kNone)));
  EXPECT_EQ(peer_port(first), peer_port(peer->NextMail()));
}

TEST_F(EgressMailTest, RefusesAddressesThatCouldBeCommands) {
  StartPeer({});
  for (const char* address : {"", "a b@c.test", "a@b.test>\r\nDATA", "<a@b.test>"}) {
    OutgoingMail mail = Mail(kNone);
    mail.recipients = {address};
    const auto result = Send(mail);
    ASSERT_FALSE(result) << address;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  }
  OutgoingMail mail = Mail(kNone);
  mail.hello = "x/y z";
  EXPECT_FALSE(Send(mail));
  mail = Mail(kNone);
  mail.recipients = {};
  EXPECT_FALSE(Send(mail));
}

}  // namespace
}  // namespace tickbird::net
