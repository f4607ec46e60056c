// Bodies of any bytes as requests of the Open Inference Protocol, as inferences to be stored, and as what a
// service behind the gateway answers: never a crash; what is accepted has the size it says, what is refused
// has a fault or is no JSON.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "api/infer_input.h"
#include "api/tensor_request.h"
#include "api/upstream.h"
#include "api/wall_time.h"

namespace {

void Check(bool good) {
  if (!good) std::abort();
}

void Run(std::string_view body) {
  using namespace forewarn;
  std::vector<Fault> faults;
  if (const auto request = ParseTensorRequest(body, &faults); request.ok()) {
    const bool fits = request->values.size() == request->rows * request->columns;
    Check(faults.empty() && (fits || !request->conflicts.empty()));
  }
  if (const auto input = ReadPredictInput(body, "n")) {
    Check(nlohmann::json::parse(input->features, nullptr, false).is_object());
  }
  if (const auto input = ReadForecastInput(body, 4)) {
    const auto window = nlohmann::json::parse(input->window, nullptr, false);
    Check(window.is_array() && window.size() == std::min<size_t>(input->rows, 4));
  }
  for (const int status : {400, 404, 422, 500, 503}) {
    http::ClientReply reply;
    reply.status = status;
    reply.body = body;
    faults.clear();
    Check(!UpstreamStatus("a service", reply, &faults).ok());
  }
  (void)ParseIsoUtc(body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
