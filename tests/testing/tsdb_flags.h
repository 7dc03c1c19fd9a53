#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace tickbird::testing {

/// `PROGRAM WORD... --name --name=value`: enough for the helpers that tests start. A name without a value is "1".
class Flags {
 public:
  Flags(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      std::string_view argument = argv[i];
      if (!argument.starts_with("--")) {
        words_ += words_.empty() ? "" : " ";
        words_ += argument;
        continue;
      }
      argument.remove_prefix(2);
      const std::size_t equals = argument.find('=');
      values_[std::string(argument.substr(0, equals))] =
          equals == std::string_view::npos ? "1" : std::string(argument.substr(equals + 1));
    }
  }
  /// What is no flag, with blanks between.
  const std::string& words() const { return words_; }
  bool Has(const std::string& name) const { return values_.contains(name); }
  std::int64_t Number(const std::string& name, std::int64_t otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : std::strtoll(found->second.c_str(), nullptr, 10);
  }

 private:
  std::string words_;
  std::map<std::string, std::string> values_;
};

}  // namespace tickbird::testing
