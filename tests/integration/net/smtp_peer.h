#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

namespace tickbird::net {

/// A self-signed certificate for mail.test, made with the openssl command and gone with this object.
class TestCertificate {
 public:
  TestCertificate();
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
  bool ok() const { return ok_; }
  std::string cert() const { return directory_ + "/cert.pem"; }
  std::string key() const { return directory_ + "/key.pem"; }

 private:
  std::string directory_;
  bool ok_ = false;
};

/// tests/testing/smtp_server.py as a child process on a free port.
class SmtpPeer {
 public:
  explicit SmtpPeer(std::vector<std::string> arguments);
  ~SmtpPeer();
  SmtpPeer(const SmtpPeer&) = delete;
  SmtpPeer& operator=(const SmtpPeer&) = delete;
  /// 0 when it did not start: aiosmtpd is not installed.
  int port() const { return port_; }
  /// The next accepted mail, as JSON. Blocks until there is one.
  std::string NextMail();

 private:
  pid_t pid_ = 0;
  std::FILE* output_ = nullptr;
  int input_ = -1;
  int port_ = 0;
};

}  // namespace tickbird::net
