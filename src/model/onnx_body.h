// What a graph of ours says about itself beside its nodes: the metadata entry "forewarn.model", shared by the
// writer and the reader. It holds what the nodes do not show exactly (calibration knots, psi, the PCA's
// limits). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/status.h"
#include "model/model.h"

namespace forewarn {

inline constexpr char kOnnxProducer[] = "forewarn";
inline constexpr char kOnnxModelKey[] = "forewarn.model";
inline constexpr char kOnnxFeaturesKey[] = "forewarn.features";

std::string WriteBodyNotes(const ModelBody& body);
// A body of the right kind with the notes' values; ensembles, means, coefficients are the graph's and still
// empty.
Result<ModelBody> ReadBodyNotes(std::string_view json);

std::string WriteNames(const std::vector<std::string>& names);
Result<std::vector<std::string>> ReadNames(std::string_view json);

}  // namespace forewarn
