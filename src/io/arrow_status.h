// Arrow's failures as ours: its Status and Result become Status and Result, its exceptions are caught. The
// only door through which Arrow errors leave this folder.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <exception>
#include <string>
#include <utility>

#include "core/status.h"

namespace forewarn {

// One line, without the place in Arrow's source.
inline std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

inline Status FromArrow(const arrow::Status& status) {
  return status.ok() ? Status() : Status::Io(FirstLine(status.message()));
}

template <typename T>
Result<T> FromArrow(arrow::Result<T> result) {
  if (!result.ok()) return FromArrow(result.status());
  return std::move(result).ValueUnsafe();
}

// Runs work(); whatever it throws becomes a Status of code kIo.
template <typename Work>
auto GuardArrow(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Status::Io("not enough memory");
  } catch (const std::exception& e) {
    return Status::Io(FirstLine(e.what()));
  }
}

}  // namespace forewarn
