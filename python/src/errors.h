// Status to Python exceptions: the one place where an expected failure of the libraries becomes a raise. A
// binding calls Unwrap or Check; the translator turns the thrown StatusError into the class of
// forewarn/errors.py that stands for its code, with the same words as the command line. Any thread that may
// hold the GIL; StatusError itself may be thrown without it.
#pragma once

#include <nanobind/nanobind.h>

#include <exception>
#include <utility>
#include <vector>

#include "core/status.h"
#include "scoring/request.h"

namespace forewarn::python {

class StatusError : public std::exception {
 public:
  explicit StatusError(Status status, std::vector<Fault> faults = {})
      : status_(std::move(status)), faults_(std::move(faults)) {}
  const char* what() const noexcept override { return status_.message().c_str(); }
  const Status& status() const { return status_; }
  const std::vector<Fault>& faults() const { return faults_; }

 private:
  Status status_;
  std::vector<Fault> faults_;  // of a request: what is wrong by JSON pointer
};

inline void Check(const Status& status) {
  if (!status.ok()) throw StatusError(status);
}

template <typename T>
T Unwrap(Result<T> result) {
  if (!result.ok()) throw StatusError(result.status());
  return std::move(result).value();
}

// To be called once by each extension module.
void RegisterErrors();

}  // namespace forewarn::python
