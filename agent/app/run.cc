#include "agent/app/run.h"

#include <malloc.h>

#include <cstdio>
#include <utility>

#include <fmt/core.h>

#include "agent/app/app.h"
#include "agent/app/loader.h"
#include "core/base/log.h"

namespace tickbird::app {
namespace {

/// Keeps the heap small: two arenas are plenty for one busy thread, and a low threshold gives memory back after a large
/// query.
void TuneHeap() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_TRIM_THRESHOLD, 256 * 1024);
  mallopt(M_MMAP_THRESHOLD, 256 * 1024);
}

}  // namespace

int RunAgent(const RunOptions& options) {
  TuneHeap();
  LoadOptions load{.config_path = options.config_path, .listen = options.listen, .data_path = options.data_path};
  LoadResult result = Load(load);
  if (!result.text.empty()) fmt::print(stderr, "{}", result.text);
  if (!result.loaded) {
    fmt::print(stderr, "tickbird: not started; mend the errors above (tickbird check shows them too)\n");
    return 2;
  }
  log::Configure(result.loaded->config.log_level, result.loaded->config.log_format);
  auto app = App::Create(std::move(load), *std::move(result.loaded));
  if (!app) {
    fmt::print(stderr, "tickbird: cannot start: {}\n", app.error().message);
    return 1;
  }
  return (*app)->Run();
}

}  // namespace tickbird::app
