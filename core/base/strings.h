#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tickbird {

/// Hash for unordered maps keyed by std::string that are looked up by std::string_view without a copy:
/// `std::unordered_map<std::string, T, StringHash, std::equal_to<>>`.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

bool EqualsIgnoreCase(std::string_view a, std::string_view b);
std::string AsciiLower(std::string_view text);
/// Removes blanks, tabs, CR and LF at both ends.
std::string_view Trim(std::string_view text);
/// Splits at each `separator`; n separators give n + 1 parts, empty ones included.
std::vector<std::string_view> Split(std::string_view text, char separator);
/// Takes the text up to `separator` off the front of `rest` (all of it when there is none).
std::string_view TakeUntil(std::string_view& rest, char separator);

/// True for well-formed UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF.
bool IsValidUtf8(std::string_view text);

/// The word of `known` that `word` most likely meant (Damerau-Levenshtein distance at most a third of its length, at
/// least 1), or an empty view.
std::string_view NearestWord(std::string_view word, std::span<const std::string_view> known);
/// " (did you mean \"x\"?)" or "".
std::string DidYouMean(std::string_view word, std::span<const std::string_view> known);

/// `text` in double quotes with \\, \", \n and control characters escaped as Go's %q does for ASCII.
std::string Quoted(std::string_view text);

}  // namespace tickbird
