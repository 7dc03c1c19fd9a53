#include "rules/packs/packs.h"

namespace tickbird::packs {

const Pack* FindPack(std::string_view name) {
  for (const Pack& pack : BuiltinPacks()) {
    if (pack.name == name) return &pack;
  }
  return nullptr;
}

}  // namespace tickbird::packs
