#include "model/onnx_program.h"

namespace forewarn {
struct OnnxProgram::Impl {};
OnnxProgram::OnnxProgram(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
OnnxProgram::~OnnxProgram() = default;
Result<std::shared_ptr<const OnnxProgram>> OnnxProgram::Parse(std::string_view) {
  return Status::Unavailable("reading foreign graphs is not built in yet");
}
const std::vector<std::string>& OnnxProgram::SupportedOperators() {
  static const std::vector<std::string> none;
  return none;
}
size_t OnnxProgram::features() const { return 0; }
size_t OnnxProgram::outputs() const { return 1; }
Status OnnxProgram::Run(const double*, size_t, double*) const { return Status::Unavailable("no graph"); }
}  // namespace forewarn
