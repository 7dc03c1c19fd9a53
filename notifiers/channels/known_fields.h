#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace tickbird::notify {

/// One list of names out of two.
inline std::vector<std::string_view> Joined(std::span<const std::string_view> a, std::span<const std::string_view> b) {
  std::vector<std::string_view> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

}  // namespace tickbird::notify
