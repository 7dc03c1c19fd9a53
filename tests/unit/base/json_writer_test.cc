#include "core/base/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tickbird {
namespace {

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  JsonWriter json;
  json.BeginObject().Key("a").Int(1).Key("b").BeginArray().String("x").Bool(true).Null().EndArray();
  json.Key("c").BeginObject().EndObject().Key("d").Double(0.5).Key("e").Double(NAN).EndObject();
  EXPECT_EQ(json.text(), R"({"a":1,"b":["x",true,null],"c":{},"d":0.5,"e":null})");
}

TEST(JsonWriter, MakesAnyBytesHarmless) {
  JsonWriter json;
  json.String("</script>&\"\\\n\x01 \xc3\xa9 \xff");
  EXPECT_EQ(json.text(), "\"\\u003c/script\\u003e\\u0026\\\"\\\\\\n\\u0001 \xc3\xa9 \\ufffd\"");
}

}  // namespace
}  // namespace tickbird
