// Bodies of the Open Inference Protocol → one tensor of rows. Strict: every fault with its JSON pointer, no
// value coerced, sizes bounded. Nothing is trusted; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"
#include "core/status.h"

namespace forewarn {

inline constexpr char kTensorInput[] = "features";

struct TensorRequest {
  std::optional<std::string> id;
  size_t rows = 0;
  size_t columns = 0;
  std::vector<double> values;        // rows × columns, row by row, unless there are conflicts
  std::vector<std::string> outputs;  // those wanted; empty: all
  // What is of the right form but does not fit together: the data and the shape.
  std::vector<Fault> conflicts;
};
// Failures as ParsePredict's (scoring/request.h).
Result<TensorRequest> ParseTensorRequest(std::string_view body, std::vector<Fault>* faults);

}  // namespace forewarn
