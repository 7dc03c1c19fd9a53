// What another mail parser (Python's standard library) makes of our mails.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "notifiers/channels/email/mail.h"

namespace tickbird::notify {
namespace {

Parcel DifficultParcel() {
  auto alert = std::make_shared<AlertEvent>();
  alert->rule = "x\r\nBcc: victim@example.org";
  alert->labels = Labels{{"alertname", "x"}, {"path", "/größe\r\nBcc: victim@example.org"}, {"html", "<script>"}};
  alert->id = alert->labels.Hash();
  alert->level = {"critical", 4};
  alert->since = 1'763'726'400'000;
  alert->summary =
      "Größe über dem Maß, 大きい, und ein sehr langer Satz, der über mehrere Zeilen der Kopfzeile gehen muss\r\nBcc: "
      "v@x";
  alert->detail = "größer als 85% = high\n.\nFrom here\n" + std::string(2000, 'x');
  Message message;
  message.alert = std::move(alert);
  message.incident = message.created = message.alert->since;
  message.key = "key-1";
  Parcel parcel;
  parcel.key = message.key;
  parcel.messages = {message};
  return parcel;
}

std::string ParseWithPython(const std::string& mail) {
  const std::string path = ::testing::TempDir() + "tickbird_mail.eml";
  std::ofstream(path, std::ios::binary) << mail;
  const std::string command = "python3 tests/integration/email_mime/parse_mail.py < " + path + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  char buffer[4096];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, n);
  ::pclose(pipe);
  std::remove(path.c_str());
  return output;
}

TEST(BuildMail, IsReadByPythonAsItWasMeant) {
  if (std::system("python3 -c 'import email' > /dev/null 2>&1") != 0) GTEST_SKIP() << "python3 is not installed";
  const MailLook look{
      "Tickbird <tickbird@host1>", "Ann <ann@example.org>, bob@example.org", "host1", "http://tick.example", {}};
  EXPECT_EQ(ParseWithPython(BuildMail(DifficultParcel(), look)),
            "defects: []\n"
            "header defects: []\n"
            "subject: [critical] Größe über dem Maß, 大きい, und ein sehr langer Satz, der über mehrere Zeilen der "
            "Kopfzeile gehen muss"
            "  Bcc: v@x\n"
            "to: ['ann@example.org', 'bob@example.org']\n"
            "date: 2025-11-21T12:00:00+00:00\n"
            "bcc: None\n"
            "threaded: True\n"
            "types: ['text/plain', 'text/html']\n"
            "text: True\n"
            "html: True\n"
            "script: False\n");
}

}  // namespace
}  // namespace tickbird::notify
