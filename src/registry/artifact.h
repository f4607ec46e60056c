// A version's folder in MLflow's layout ↔ the model: `MLmodel` (flavours and column signature), `model.onnx`,
// `forewarn.json`, `manifest.json` (sha-256 of each other file). The same folder loads in Python by
// mlflow.pyfunc and onnxruntime. Nothing about time, path or run is in it: same model, same bytes. Stateless;
// any thread.
#pragma once

#include <string>
#include <string_view>

#include "model/model.h"
#include "registry/registry.h"

namespace forewarn {

inline constexpr char kMlmodelFile[] = "MLmodel";
inline constexpr char kOnnxFile[] = "model.onnx";
inline constexpr char kInfoFile[] = "forewarn.json";
inline constexpr char kModelManifestFile[] = "manifest.json";

// foreign_onnx: the bytes of a model made elsewhere (a ForeignModel); empty for models of ours.
Result<FileSet> PackModel(const Model& model, std::string_view foreign_onnx = {});
// Invalid naming the file that is missing, altered or not listed.
Status CheckManifest(const FileSet& files);
// CheckManifest, then the model.
Result<Model> UnpackModel(const FileSet& files);

// Input names of an MLmodel file's column signature, for models made elsewhere; empty where it has none.
Result<std::vector<std::string>> ReadSignatureInputs(std::string_view mlmodel);
// A folder made elsewhere (MLmodel with a column signature + model.onnx, no forewarn.json) → a model of the
// kind given. It holds no medians, so that every input has
// to be given; its threshold is .5.
Result<Model> AdoptForeign(const FileSet& files, ModelKind kind, const std::string& run);

// The version's files, checked and loaded; those of a version that another client registered are adopted as
// what its model's name says (model_names.h).
Result<Model> LoadVersion(Registry& registry, const ModelVersion& version);

}  // namespace forewarn
