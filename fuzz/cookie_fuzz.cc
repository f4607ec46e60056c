// What comes beside a body: cookies, bearers, forms and percent-encoding of any bytes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/names.h"
#include "http/parameters.h"

namespace forewarn::http {
namespace {

void Check(bool good) {
  if (!good) std::abort();
}

void Run(std::string_view text) {
  const size_t cut = text.find('\n');
  Request request;
  request.fields.Add("Cookie", text.substr(0, cut));
  if (cut != std::string_view::npos) request.fields.Add("cookie", text.substr(cut + 1));
  if (const auto cookie = FindCookie(request, "fw_session")) {
    Check(text.find("fw_session=" + *cookie) != std::string_view::npos);
    Check(cookie->find(';') == std::string::npos);
  }
  request.fields.Add("Authorization", text);
  if (const auto token = BearerToken(request)) {
    Check(!token->empty() && token->find_first_of(" ,;\"\r\n") == std::string_view::npos);
  }
  if (const auto decoded = DecodePercent(text, true)) {
    Check(IsValidUtf8(*decoded) && decoded->find('\0') == std::string::npos);
    Check(DecodePercent(EncodePercent(*decoded), true) == *decoded);
  }
  Pairs pairs;
  if (DecodePairs(text, &pairs)) {
    std::string again;
    for (const auto& [name, value] : pairs) again += EncodePercent(name) + "=" + EncodePercent(value) + "&";
    Pairs twice;
    Check(DecodePairs(again, &twice));
    // A pair of nothing ("=") is written as one again; what comes back must be the same list.
    Check(twice == pairs);
  }
  request.body = text;
  Parameters form = Parameters::Form(request);
  (void)form.Text("username", {3, 64, true});
  (void)form.Integer("limit", {1, 1000}, 5);
  const auto refusal = form.Finish(UnknownKeys::kRefuse);
  if (refusal) Check(refusal->status == 400 || refusal->status == 422);
}

}  // namespace
}  // namespace forewarn::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  forewarn::http::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
