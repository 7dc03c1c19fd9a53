#pragma once

namespace tickbird::exposition {

enum class Format;
enum class Escaping;
struct ParsedSample;
struct RawLabel;
class Parser;
class Writer;

}  // namespace tickbird::exposition
