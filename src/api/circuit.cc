#include "api/circuit.h"

namespace forewarn {

std::optional<Status> Circuit::Refusal() {
  const std::lock_guard lock(mutex_);
  if (failure_.ok()) return std::nullopt;
  if (trying_ || now_() < closed_until_) return failure_;
  trying_ = true;
  return std::nullopt;
}

void Circuit::Report(const Status& reached) {
  const std::lock_guard lock(mutex_);
  trying_ = false;
  failure_ = reached;
  if (!reached.ok()) closed_until_ = now_() + pause_;
}

}  // namespace forewarn
