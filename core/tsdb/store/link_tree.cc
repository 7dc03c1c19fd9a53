#include "core/tsdb/store/link_tree.h"

namespace tickbird::tsdb {

Status LinkTree(Fs& fs, const std::string& from, const std::string& to) {
  TICKBIRD_ASSIGN_OR_RETURN(const auto names, fs.List(from));
  TICKBIRD_RETURN_IF_ERROR(fs.MakeDirs(to));
  for (const std::string& name : names) {
    const std::string source = JoinPath(from, name);
    const std::string target = JoinPath(to, name);
    if (fs.List(source)) {
      TICKBIRD_RETURN_IF_ERROR(LinkTree(fs, source, target));
    } else {
      TICKBIRD_RETURN_IF_ERROR(fs.Link(source, target));
    }
  }
  return fs.SyncDir(to);
}

}  // namespace tickbird::tsdb
