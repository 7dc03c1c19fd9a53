#include "rules/language/compiler.h"

#include <gtest/gtest.h>

#include "tests/unit/language/memory_environment.h"

namespace tickbird::language {
namespace {
TEST(Compile, X) {
  MemoryEnvironment env;
  env.files["a.rules"] = R"(
receiver mail is email { to "x@y"; auth_password "hunter2" }
let mem_used = 1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes
defaults { notify mail from warning ; flap 6 in 10m }
alert memory_high {
  value $mem_used
  raise high     when > 85% for 2m  clear when < 80% for 1m
  raise critical when > 95% for 30s clear when < 90%
  rise foo when > 15
  raise info when > 3 for 15
  summary "Memory at {value:percent} on {instance"
  value rate(foo[5m]
  label x = "5"
}
slo x { }
)";
  CompileInput in{.files = {"a.rules"}};
  auto out = Compile(in, env);
  puts(out.Render().c_str());
}
}  // namespace
}  // namespace tickbird::language
