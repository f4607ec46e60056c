// forewarn.json from an untrusted folder; what reads must write and read back.
#include <cstdlib>
#include <string_view>

#include "model/model_info.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forewarn;
  auto info = ReadModelInfo(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!info.ok()) return 0;
  Model model;
  model.info = *info;
  model.body = LinearModel{};
  auto text = WriteModelInfo(model);
  if (text.ok() && !ReadModelInfo(*text).ok()) std::abort();
  return 0;
}
