#include "tests/unit/samplers/tree.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace tickbird::samplers {

Tree::Tree() {
  const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
  root_ = testing::TempDir() + "tickbird_" + test->test_suite_name() + "_" + test->name();
  std::filesystem::remove_all(root_);
  std::filesystem::create_directories(root_);
}

Tree::~Tree() {
  std::filesystem::remove_all(root_);
}

void Tree::Write(const std::string& path, std::string_view text) const {
  const std::filesystem::path full = root_ + "/" + path;
  std::filesystem::create_directories(full.parent_path());
  std::ofstream(full, std::ios::binary | std::ios::trunc) << text;
}

void Tree::Remove(const std::string& path) const {
  std::filesystem::remove_all(root_ + "/" + path);
}

SamplerOptions Tree::Options() const {
  SamplerOptions options;
  options.procfs = root_ + "/proc";
  options.sysfs = root_ + "/sys";
  options.cgroupfs = root_ + "/cgroup";
  options.page_size = 4096;
  return options;
}

}  // namespace tickbird::samplers
