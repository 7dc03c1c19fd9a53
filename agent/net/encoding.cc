#include "agent/net/encoding.h"

#include <zlib.h>

#include <new>
#include <optional>

#include "core/base/number.h"
#include "core/base/strings.h"

namespace tickbird::net {
namespace {

/// The quality in "gzip;q=0.5"; 1 when there is none, 0 when it cannot be read.
double Quality(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = Trim(TakeUntil(parameters, ';'));
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    return ParseDouble(parameter.substr(2)).value_or(0);
  }
  return 1;
}

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  std::optional<double> named;
  std::optional<double> any;
  while (!accept_encoding.empty()) {
    std::string_view item = TakeUntil(accept_encoding, ',');
    const std::string_view coding = Trim(TakeUntil(item, ';'));
    if (EqualsIgnoreCase(coding, "gzip") || EqualsIgnoreCase(coding, "x-gzip")) named = Quality(item);
    if (coding == "*") any = Quality(item);
  }
  return named.value_or(any.value_or(0)) > 0;
}

bool IsCompressible(std::string_view content_type) {
  const std::string_view type = Trim(content_type.substr(0, content_type.find(';')));
  if (type == "text/event-stream") return false;
  if (type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml")) return true;
  return type == "application/json" || type == "application/javascript" || type == "application/openmetrics-text";
}

std::string Gzip(std::string_view text, int level) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string out(deflateBound(&stream, text.size()), '\0');
  // zlib does not write through next_in; its type is from before const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);  // Cannot come up short: the output has the size of the bound.
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace tickbird::net
