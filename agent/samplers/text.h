#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/error.h"

/// The few operations that the kernel's text files need. All are views into the input: nothing is copied or allocated.
namespace tickbird::samplers {

/// Takes the next line, without its newline, off the front of `text`. At the end of the text the result is empty.
std::string_view TakeLine(std::string_view& text);

/// Skips blanks and tabs and takes what follows up to the next blank, tab or the end.
std::string_view TakeField(std::string_view& line);

/// Decimal digits only, all of `field`; false on anything else and above 2^64 - 1.
bool ParseUint(std::string_view field, std::uint64_t& value);
/// The same with an optional minus sign, as a double: counters of the network stack may be -1.
bool ParseInteger(std::string_view field, double& value);
/// A decimal number with an optional fraction, finite and not negative.
bool ParseFraction(std::string_view field, double& value);

/// TakeField and ParseUint in one.
bool TakeUint(std::string_view& line, std::uint64_t& value);

/// "/proc/stat line 3: expected ..., got \"...\"" with a long line cut. kParse.
Error MalformedLine(std::string_view file, int line_number, std::string_view expected, std::string_view line);

/// The line number that a loop over TakeLine has reached, and the loop itself:
///   for (Lines lines(text); lines.Next();) Use(lines.line(), lines.number());
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  bool Next() {
    if (rest_.empty()) return false;
    line_ = TakeLine(rest_);
    ++number_;
    return true;
  }
  std::string_view line() const { return line_; }
  int number() const { return number_; }

 private:
  std::string_view rest_;
  std::string_view line_;
  int number_ = 0;
};

}  // namespace tickbird::samplers
