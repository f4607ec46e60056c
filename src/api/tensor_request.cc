#include "api/tensor_request.h"

#include <fmt/format.h>

#include <cmath>

#include "core/names.h"
#include "scoring/parse_json.h"
#include "scoring/request.h"

namespace forewarn {
namespace {

namespace dom = simdjson::dom;

constexpr size_t kMaxId = 200;

class TensorReader {
 public:
  explicit TensorReader(std::vector<Fault>* faults) : faults_(*faults) {}

  void Read(dom::object root, TensorRequest* out) {
    for (const auto [key, value] : root) {
      if (key == "id") {
        ReadId(value, out);
      } else if (key == "inputs") {
        ReadInputs(value, out);
      } else if (key == "outputs") {
        ReadOutputs(value, out);
      } else if (key == "parameters") {
        if (!value.is_object()) Add("/parameters", "must be an object");
      } else {
        Add("/" + PointerToken(key), "is unknown; known: id, parameters, inputs, outputs");
      }
    }
    dom::element ignored;
    if (root["inputs"].get(ignored) != simdjson::SUCCESS) Add("/inputs", "is missing");
  }

 private:
  void Add(std::string pointer, std::string detail) {
    faults_.push_back({std::move(pointer), std::move(detail)});
  }

  void ReadId(dom::element value, TensorRequest* out) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS || text.size() > kMaxId) {
      Add("/id", fmt::format("must be a text of at most {} bytes", kMaxId));
    } else {
      out->id = std::string(text);
    }
  }

  void ReadOutputs(dom::element value, TensorRequest* out) {
    dom::array list;
    if (value.get(list) != simdjson::SUCCESS) return Add("/outputs", "must be a list");
    size_t i = 0;
    for (const dom::element each : list) {
      std::string_view name;
      if (each["name"].get(name) != simdjson::SUCCESS) {
        Add(fmt::format("/outputs/{}/name", i), "must be a text");
      } else {
        out->outputs.emplace_back(name);
      }
      ++i;
    }
  }

  void ReadInputs(dom::element value, TensorRequest* out) {
    dom::array list;
    if (value.get(list) != simdjson::SUCCESS || list.size() != 1) {
      return Add("/inputs", fmt::format("must be a list of one tensor, '{}'", kTensorInput));
    }
    dom::object tensor;
    if (list.at(0).get(tensor) != simdjson::SUCCESS) return Add("/inputs/0", "must be an object");
    std::string_view name;
    if (tensor["name"].get(name) != simdjson::SUCCESS || name != kTensorInput) {
      Add("/inputs/0/name", fmt::format("must be '{}'", kTensorInput));
    }
    std::string_view type;
    if (tensor["datatype"].get(type) != simdjson::SUCCESS || (type != "FP64" && type != "FP32")) {
      Add("/inputs/0/datatype", "must be FP64 or FP32");
    }
    dom::element parameters;
    if (tensor["parameters"].get(parameters) == simdjson::SUCCESS && !parameters.is_object()) {
      Add("/inputs/0/parameters", "must be an object");
    }
    if (ReadShape(tensor, out)) ReadData(tensor, out);
  }

  // 2 and 2.0 are the same whole number.
  static bool ReadExtent(dom::element element, size_t* out) {
    double extent = 0;
    if (!element.is_number() || element.get(extent) != simdjson::SUCCESS) return false;
    if (!(extent >= 1 && extent <= kMaxBatchRows) || extent != std::floor(extent)) return false;
    *out = static_cast<size_t>(extent);
    return true;
  }

  bool ReadShape(dom::object tensor, TensorRequest* out) {
    dom::array shape;
    if (tensor["shape"].get(shape) == simdjson::SUCCESS && shape.size() == 2 &&
        ReadExtent(shape.at(0), &out->rows) && ReadExtent(shape.at(1), &out->columns)) {
      return true;
    }
    Add("/inputs/0/shape", fmt::format("must be [rows, columns], each from 1 to {}", kMaxBatchRows));
    return false;
  }

  void ReadData(dom::object tensor, TensorRequest* out) {
    dom::array data;
    if (tensor["data"].get(data) != simdjson::SUCCESS) {
      return Add("/inputs/0/data", "must be a list of numbers, or of rows of numbers");
    }
    const size_t wanted = out->rows * out->columns;
    size_t i = 0;
    for (const dom::element each : data) {
      dom::array row;
      if (each.get(row) != simdjson::SUCCESS) {
        if (!Take(each, out)) Add(fmt::format("/inputs/0/data/{}", i), kNoNumber);
      } else {
        ReadRow(row, i, out);
      }
      ++i;
      if (faults_.size() >= kMaxFaults || out->conflicts.size() >= kMaxFaults) break;
    }
    if (faults_.empty() && out->conflicts.empty() && out->values.size() != wanted) {
      out->conflicts.push_back(
          {"/inputs/0/data", fmt::format("has {} values; the shape says {}", out->values.size(), wanted)});
    }
  }

  void ReadRow(dom::array row, size_t i, TensorRequest* out) {
    if (row.size() != out->columns) {
      out->conflicts.push_back({fmt::format("/inputs/0/data/{}", i),
                                fmt::format("has {} values; the shape says {}", row.size(), out->columns)});
    }
    size_t j = 0;
    for (const dom::element value : row) {
      if (!Take(value, out)) Add(fmt::format("/inputs/0/data/{}/{}", i, j), kNoNumber);
      ++j;
    }
  }

  static bool Take(dom::element element, TensorRequest* out) {
    double value = 0;
    const bool good = element.is_number() && element.get(value) == simdjson::SUCCESS;
    if (!good || std::abs(value) > kLargestInput) return false;
    out->values.push_back(value);
    return true;
  }

  static constexpr char kNoNumber[] = "must be a number from -1e12 to 1e12";
  static constexpr size_t kMaxFaults = 100;
  std::vector<Fault>& faults_;
};

}  // namespace

Result<TensorRequest> ParseTensorRequest(std::string_view body, std::vector<Fault>* faults) {
  FW_ASSIGN_OR_RETURN(const dom::element root, ParseRequestJson(body));
  TensorRequest request;
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    faults->push_back({"", "must be a JSON object"});
  } else {
    TensorReader(faults).Read(object, &request);
  }
  if (!faults->empty()) return FaultStatus(*faults);
  return request;
}

}  // namespace forewarn
