#include <algorithm>
#include <array>

#include "agent/config/sections.h"

namespace tickbird::config {
namespace {

constexpr std::array<std::string_view, 5> kSecretWords = {"password", "secret", "token", "credentials", "api_url"};

bool IsSecretKey(std::string_view key) {
  if (key.ends_with("_file")) return false;
  return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                     [&](std::string_view word) { return key.find(word) != std::string_view::npos; });
}

bool IsKeyCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Where the value that starts at `from` ends: its closing quote, in a flow mapping the next ',' or '}', else the end
/// of the line.
std::size_t ValueEnd(std::string_view line, std::size_t from, bool in_flow) {
  if (line[from] == '"' || line[from] == '\'') {
    const auto close = line.find(line[from], from + 1);
    return close == std::string_view::npos ? line.size() : close + 1;
  }
  return in_flow ? std::min(line.find_first_of(",}", from), line.size()) : line.size();
}

void MaskLine(std::string& line) {
  for (std::size_t colon = line.find(':'); colon != std::string::npos; colon = line.find(':', colon + 1)) {
    std::size_t key_end = colon;
    if (key_end > 0 && (line[key_end - 1] == '"' || line[key_end - 1] == '\'')) --key_end;
    std::size_t key_start = key_end;
    while (key_start > 0 && IsKeyCharacter(line[key_start - 1])) --key_start;
    const std::string_view key = std::string_view(line).substr(key_start, key_end - key_start);
    const auto value = line.find_first_not_of(" \t", colon + 1);
    if (!IsSecretKey(key) || value == std::string::npos) continue;
    const bool in_flow = line.rfind('{', key_start) != std::string::npos;
    const std::size_t end = ValueEnd(line, value, in_flow);
    std::fill(line.begin() + static_cast<std::ptrdiff_t>(value), line.begin() + static_cast<std::ptrdiff_t>(end), '*');
    colon = end - 1;
  }
}

}  // namespace

std::string MaskSecrets(std::string_view text) {
  std::string out;
  while (true) {
    const auto end = text.find('\n');
    std::string line(text.substr(0, end));
    MaskLine(line);
    out += line;
    if (end == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace tickbird::config
