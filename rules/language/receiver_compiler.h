#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/model/receiver_spec.h"
#include "rules/language/environment.h"
#include "rules/language/program.h"

namespace tickbird::language {

/// From receiver items to ReceiverSpec: kind, doubles, limit, and the values of env("X") and file("x"). Which settings
/// a kind has is for its channel to say. Secrets are values only: no diagnostic holds one.
class ReceiverCompiler {
 public:
  ReceiverCompiler(Environment& environment, Diagnostics& diagnostics)
      : environment_(environment), diagnostics_(diagnostics) {}

  ReceiverSpec Compile(const Placed<ast::Receiver>& placed);
  /// The files that secrets were read from.
  const std::vector<std::string>& files_read() const { return files_read_; }

 private:
  void CheckKind(const ast::Name& kind, const Scope& scope);
  void SetLimit(const ast::Receiver& receiver, const Scope& scope, ReceiverSpec& spec);
  void AddField(const ast::Receiver::Field& field, const Scope& scope, ReceiverSpec& spec, std::set<std::string>& seen);
  std::optional<std::string> ValueOf(const ast::Receiver::Field& field, const Scope& scope);
  std::optional<std::string> Call(const ast::Literal& call, const Scope& scope);
  std::optional<std::string> SecretFile(const ast::Literal& call, const Scope& scope);

  Environment& environment_;
  Diagnostics& diagnostics_;
  std::vector<std::string> files_read_;
};

}  // namespace tickbird::language
