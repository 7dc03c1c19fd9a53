#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rules/promql/parser.h"

/// What parses must print as text that parses to the same text again, and every diagnostic must lie within the input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickbird;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto expr = promql::ParseExpr(text);
  if (!expr) {
    for (const Diagnostic& diagnostic : expr.error().diagnostics) {
      if (diagnostic.position.line < 1 || diagnostic.position.column < 1 || diagnostic.length < 1) std::abort();
      (void)RenderDiagnostic("fuzz", text, diagnostic);
    }
    return 0;
  }
  (void)promql::CheckSupported(**expr);
  (void)promql::ReadSetOf(**expr, 5 * kMinuteMs);
  const std::string once = promql::Format(**expr);
  const auto again = promql::ParseExpr(once);
  if (!again || promql::Format(**again) != once) {
    std::fprintf(stderr, "canonical text: %s\n", once.c_str());
    std::abort();
  }
  return 0;
}
