// forewarn.json: ModelInfo as text, and the loader that joins it with model.onnx into a Model. Doubles keep
// all their bits (shortest form that reads back equal); NaN and infinities are refused. Same model, same
// bytes. Reading trusts nothing. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/status.h"
#include "model/model.h"

namespace forewarn {

// The text of forewarn.json: the info, and of the body what ONNX cannot hold (the PCA's variances and
// limits).
Result<std::string> WriteModelInfo(const Model& model);
Result<ModelInfo> ReadModelInfo(std::string_view json);

// A version's two files → the model, checked (CheckModel). Errors say which file and what.
Result<Model> LoadModel(std::string_view onnx, std::string_view json);

}  // namespace forewarn
