#include "registry/artifact.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/names.h"
#include "model/model_info.h"
#include "model/onnx_reader.h"
#include "model/onnx_writer.h"
#include "registry/model_names.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kManifestFormat = 1;

// A YAML single-quoted scalar: the only escape is a doubled quote.
std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

// Columns by name, so that a pandas table in any order and with further columns scores.
std::string InputSignature(const ModelInfo& info) {
  Json inputs = Json::array();
  for (const std::string& name : info.features) {
    inputs.push_back({{"type", "double"}, {"name", name}, {"required", true}});
  }
  return inputs.dump(-1, ' ', true);
}

std::string OutputSignature(const ModelBody& body) {
  const OnnxOutput output = OutputOf(body);
  Json outputs = Json::array();
  if (output.columns == 1) {
    outputs.push_back({{"type", "double"}, {"name", output.name}, {"required", true}});
  } else {
    outputs.push_back(
        {{"type", "tensor"},
         {"name", output.name},
         {"tensor-spec", {{"dtype", "float64"}, {"shape", {-1, static_cast<int>(output.columns)}}}}});
  }
  return outputs.dump(-1, ' ', true);
}

std::string WriteMlmodel(const Model& model) {
  return fmt::format(
      "flavors:\n"
      "  onnx:\n"
      "    data: {0}\n"
      "    onnx_version: 1.12.0\n"
      "    providers:\n"
      "    - CPUExecutionProvider\n"
      "  python_function:\n"
      "    data: {0}\n"
      "    loader_module: mlflow.onnx\n"
      "signature:\n"
      "  inputs: {1}\n"
      "  outputs: {2}\n",
      kOnnxFile, Quoted(InputSignature(model.info)), Quoted(OutputSignature(model.body)));
}

std::string WriteManifest(const FileSet& files) {
  Json sums = Json::object();
  for (const auto& [name, bytes] : files) sums[name] = Sha256Hex(bytes);
  return Json{{"format", kManifestFormat}, {"sha256", sums}}.dump(1) + "\n";
}

const std::string* FindFile(const FileSet& files, const char* name) {
  const auto it = files.find(name);
  return it == files.end() ? nullptr : &it->second;
}

// The scalar after "key:" on its own line; quoted scalars may be folded over several lines, as YAML writers
// do.
std::string YamlScalar(std::string_view text, std::string_view key) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = Trim(text.substr(at, end - at));
    if (line.substr(0, key.size()) == key && line.substr(key.size(), 1) == ":") {
      const size_t open = text.find_first_not_of(" \t", text.find(':', at) + 1);
      if (open == std::string_view::npos || text[open] != '\'')
        return std::string(Trim(line.substr(key.size() + 1)));
      std::string out;
      for (size_t i = open + 1; i < text.size(); ++i) {
        if (text[i] == '\'' && i + 1 < text.size() && text[i + 1] == '\'')
          ++i;  // an escaped quote
        else if (text[i] == '\'')
          return out;
        if (text[i] == '\n') {
          i = std::min(text.find_first_not_of(" \t\n", i), text.size()) - 1;
          out += ' ';
        } else {
          out += text[i];
        }
      }
      return "";  // never closed
    }
    at = end + 1;
  }
  return "";
}

}  // namespace

Result<FileSet> PackModel(const Model& model, std::string_view foreign_onnx) {
  FW_RETURN_IF_ERROR(CheckModel(model));
  FileSet files;
  if (foreign_onnx.empty()) {
    FW_ASSIGN_OR_RETURN(files[kOnnxFile], WriteOnnx(model));
  } else {
    files[kOnnxFile] = std::string(foreign_onnx);
  }
  FW_ASSIGN_OR_RETURN(files[kInfoFile], WriteModelInfo(model));
  files[kMlmodelFile] = WriteMlmodel(model);
  files[kModelManifestFile] = WriteManifest(files);
  return files;
}

Status CheckManifest(const FileSet& files) {
  const std::string* text = FindFile(files, kModelManifestFile);
  if (text == nullptr)
    return Status::Invalid("manifest.json is missing; this is no model folder of forewarn");
  const Json manifest = Json::parse(*text, nullptr, false);
  const bool readable = manifest.is_object() && manifest.contains("sha256") &&
                        manifest["sha256"].is_object() && manifest.contains("format") &&
                        manifest["format"].is_number_integer();
  if (!readable) return Status::Invalid("manifest.json is damaged");
  if (manifest["format"] > kManifestFormat) {
    return Status::Invalid(
        fmt::format("manifest.json is of format {}, this forewarn knows {}; update forewarn",
                    manifest["format"].dump(), kManifestFormat));
  }
  const Json& sums = manifest["sha256"];
  for (const char* needed : {kMlmodelFile, kOnnxFile, kInfoFile}) {
    if (!sums.contains(needed)) return Status::Invalid(fmt::format("manifest.json does not list {}", needed));
  }
  for (const auto& [name, sum] : sums.items()) {
    const std::string* bytes = FindFile(files, name.c_str());
    if (bytes == nullptr) return Status::Invalid(fmt::format("{} is missing", name.substr(0, 200)));
    if (!sum.is_string() || sum.get_ref<const std::string&>() != Sha256Hex(*bytes)) {
      return Status::Invalid(
          fmt::format("{} was altered (its sha-256 is not the manifest's)", name.substr(0, 200)));
    }
  }
  for (const auto& [name, bytes] : files) {
    if (name != kModelManifestFile && !sums.contains(name)) {
      return Status::Invalid(fmt::format("{} is not in manifest.json", name));
    }
  }
  return Status::Ok();
}

Result<Model> UnpackModel(const FileSet& files) {
  FW_RETURN_IF_ERROR(CheckManifest(files));
  return LoadModel(files.at(kOnnxFile), files.at(kInfoFile));
}

Result<std::vector<std::string>> ReadSignatureInputs(std::string_view mlmodel) {
  std::vector<std::string> names;
  const std::string text = YamlScalar(mlmodel, "inputs");
  if (text.empty()) return names;
  const Json inputs = Json::parse(text, nullptr, false);
  if (!inputs.is_array()) return Status::Invalid("MLmodel: the signature's inputs are not a JSON list");
  for (const Json& input : inputs) {
    if (!input.is_object() || !input.contains("name") || !input["name"].is_string() ||
        input.value("type", "") == "tensor") {
      return Status::Invalid("MLmodel: the signature's inputs are not named columns");
    }
    names.push_back(input["name"].get<std::string>());
  }
  return names;
}

Result<Model> AdoptForeign(const FileSet& files, ModelKind kind, const std::string& run) {
  const std::string* mlmodel = FindFile(files, kMlmodelFile);
  const std::string* onnx = FindFile(files, kOnnxFile);
  if (onnx == nullptr) return Status::Invalid("model.onnx is missing");
  if (mlmodel == nullptr) return Status::Invalid("MLmodel is missing");
  Model model;
  model.info.run = run;
  model.info.kind = kind;
  FW_ASSIGN_OR_RETURN(model.info.features, ReadSignatureInputs(*mlmodel));
  if (model.info.features.empty()) {
    return Status::Invalid("MLmodel has no column signature; forewarn needs the inputs' names in order");
  }
  for (std::string& name : model.info.features) name = ToLower(name);
  FW_ASSIGN_OR_RETURN(model.body, ReadOnnx(*onnx));
  FW_RETURN_IF_ERROR(CheckModel(model));
  return model;
}

Result<Model> LoadVersion(Registry& registry, const ModelVersion& version) {
  const std::string label = ModelRefText(version.name, version.version);
  FW_ASSIGN_OR_RETURN(const FileSet files, registry.Files(version));
  // A version without our digest and manifest was registered by another client of the tracking server.
  const bool foreign = version.digest.empty() && !files.contains(kModelManifestFile);
  Result<Model> model =
      foreign ? AdoptForeign(files, KindOfName(version.name), version.run_name) : UnpackModel(files);
  if (!model.ok()) return model.status().WithPrefix(fmt::format("model '{}' cannot be loaded", label));
  return model;
}

}  // namespace forewarn
