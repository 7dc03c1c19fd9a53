#include "core/base/source_text.h"

#include <gtest/gtest.h>

namespace tickbird {
namespace {

TEST(RenderDiagnostic, ShowsTheLineAndUnderlines) {
  const std::string text = "alert a {\n\trise high when > 85%\n}\n";
  const Diagnostic diagnostic{.position = {2, 2}, .length = 4, .message = "unknown clause \"rise\""};
  EXPECT_EQ(RenderDiagnostic("x.rules", text, diagnostic),
            "x.rules:2:2: error: unknown clause \"rise\"\n"
            "    2 | \trise high when > 85%\n"
            "      | \t^~~~\n");
}

TEST(PositionAt, CountsFromOne) {
  EXPECT_EQ(PositionAt("ab\ncd", 0), (Position{1, 1}));
  EXPECT_EQ(PositionAt("ab\ncd", 4), (Position{2, 2}));
  EXPECT_EQ(PositionAt("ab\n", 3), (Position{2, 1}));
}

}  // namespace
}  // namespace tickbird
