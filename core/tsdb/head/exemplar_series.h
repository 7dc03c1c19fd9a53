#pragma once

#include <vector>

#include "core/model/exemplar.h"
#include "core/model/labels.h"

namespace tickbird::tsdb {

/// The exemplars of one series, oldest first.
struct ExemplarSeries {
  Labels labels;  ///< Of the series.
  std::vector<Exemplar> exemplars;
};

}  // namespace tickbird::tsdb
