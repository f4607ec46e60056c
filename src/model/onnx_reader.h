// ONNX bytes → ModelBody. A file of ours becomes the structs it was written from, covers included (per-split
// gains are not in the file), and so takes the fast path; that it means the same is proved by writing it
// again and comparing the graphs. Any other file becomes a ForeignModel within the operators of
// onnx_program.h. The bytes are not trusted. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "model/model.h"

namespace forewarn {

// What the graph cannot hold of a PCA (variances beyond the kept, explained shares, limits) comes from
// ReadModelInfo.
Result<ModelBody> ReadOnnx(std::string_view bytes);

// Feature names in the file's metadata ("forewarn.features"), empty for files made elsewhere.
Result<std::vector<std::string>> ReadOnnxFeatures(std::string_view bytes);

}  // namespace forewarn
