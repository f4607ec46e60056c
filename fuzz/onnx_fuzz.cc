// model.onnx from an untrusted folder: whatever reads must score and explain without a fault.
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "model/explainer.h"
#include "model/onnx_reader.h"
#include "model/onnx_writer.h"
#include "model/predictor.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forewarn;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)ReadOnnxFeatures(bytes);
  auto body = ReadOnnx(bytes);
  if (!body.ok()) return 0;
  auto predictor = Predictor::Build(*body);
  if (!predictor.ok()) return 0;
  const size_t features = predictor->features();
  if (features > 4096) return 0;
  std::vector<double> rows(19 * features);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = i % 7 == 3 ? std::nan("") : std::sin(static_cast<double>(i)) * 3;
  }
  std::vector<double> out(19 * predictor->outputs());
  predictor->ScoreBatch(rows.data(), 19, out.data());
  if (std::holds_alternative<ForeignModel>(*body)) return 0;
  // Our own: the fast path must agree with itself and the file must come back the same.
  std::vector<double> one(predictor->outputs());
  for (size_t i = 0; i < 19; ++i) {
    predictor->Score(&rows[i * features], one.data());
    for (size_t k = 0; k < one.size(); ++k) {
      const double batch = out[i * one.size() + k];
      if (batch != one[k] && !(std::isnan(batch) && std::isnan(one[k]))) std::abort();
    }
  }
  Model model;
  model.body = std::move(*body);
  auto names = ReadOnnxFeatures(bytes);
  if (!names.ok()) std::abort();
  model.info.features = *names;
  if (!WriteOnnx(model).ok()) std::abort();
  auto explainer = Explainer::Build(model);
  if (explainer.ok()) (void)explainer->Explain(rows.data());
  return 0;
}
