#pragma once

#include <string>
#include <string_view>

#include "agent/samplers/options.h"

namespace tickbird::samplers {

/// A directory for one test that stands for a machine, empty at first and removed at the end.
class Tree {
 public:
  Tree();
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  /// Replaces the text of a file in place, as the kernel does: an open descriptor sees the new text.
  void Write(const std::string& path, std::string_view text) const;
  void Remove(const std::string& path) const;
  std::string operator/(const std::string& path) const { return root_ + "/" + path; }

  /// Options that read proc/, sys/ and cgroup/ of this tree.
  SamplerOptions Options() const;

 private:
  std::string root_;
};

}  // namespace tickbird::samplers
