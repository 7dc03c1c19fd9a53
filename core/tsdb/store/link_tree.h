#pragma once

#include <string>

#include "core/base/fs.h"

namespace tickbird::tsdb {

/// Makes the directory `to` with what is in `from`, deeper directories included: files as links (see Fs::Link).
/// Durable when it returns, but for the name `to` itself. After a failure a part of it is there.
Status LinkTree(Fs& fs, const std::string& from, const std::string& to);

}  // namespace tickbird::tsdb
