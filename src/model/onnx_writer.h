// Model → ONNX bytes: the version's model.onnx (models.md, "Artifact"). IR 8, opset 17, ai.onnx.ml 3; input
// `features` double [N, F]; one output, double: `score` [N, 1], regime `probabilities` [N, K], PCA `t2_spe`
// [N, 2]. Trees: one single-target TreeEnsembleRegressor a fold, float, covers in nodes_hitrates; everything
// after them, and the linear models, in double. Same model, same bytes: no time, path or run id goes in.
// Pure; any thread.
#pragma once

#include <string>

#include "core/status.h"
#include "model/model.h"

namespace forewarn {

// "score", "probabilities" or "t2_spe", and its second dimension.
struct OnnxOutput {
  std::string name;
  size_t columns = 1;
};
OnnxOutput OutputOf(const ModelBody& body);

// Invalid if the model fails CheckModel or was made elsewhere (its own bytes are its file).
Result<std::string> WriteOnnx(const Model& model);

}  // namespace forewarn
