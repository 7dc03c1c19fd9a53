#pragma once

#include <span>
#include <string_view>

namespace tickbird::packs {

/// A set of rules that comes with the binary.
struct Pack {
  std::string_view name;  ///< "host": as in the setting `rule_packs`.
  std::string_view file;  ///< "packs/host.rules": as in diagnostics and in a rule's source.
  std::string_view text;
};

/// All packs, in the order in which they are compiled. Static storage.
std::span<const Pack> BuiltinPacks();

/// Null when there is none of that name.
const Pack* FindPack(std::string_view name);

}  // namespace tickbird::packs
