#pragma once

#include <string>
#include <string_view>

#include "core/exposition/format.h"

namespace tickbird::exposition {

/// In which form to answer, and the Content-Type that says so.
struct Negotiated {
  Format format = Format::kText;
  Escaping escaping = Escaping::kUnderscores;
  std::string content_type;
};

/// Chooses the best of what an Accept header asks for: text/plain (no version, 0.0.4, 1.0.0) or
/// application/openmetrics-text (no version, 0.0.1, 1.0.0), by falling q, then by order; text 0.0.4 when nothing fits
/// or the header is empty. `escaping=` of the chosen entry (allow-utf-8, underscores, dots, values) is obeyed and
/// echoed; without it names are written with underscores. Source: Prometheus docs, content_negotiation.md.
Negotiated Negotiate(std::string_view accept);

}  // namespace tickbird::exposition
