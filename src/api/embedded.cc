#include "api/embedded.h"

#include <cstddef>

// name: the symbols' prefix; file: its path, a macro of the build.
#define FOREWARN_EMBED(name, file) \
  __asm__(                         \
      ".pushsection .rodata\n"     \
      ".global forewarn_" name     \
      "_begin\n"                   \
      ".global forewarn_" name     \
      "_end\n"                     \
      "forewarn_" name             \
      "_begin:\n"                  \
      ".incbin \"" file            \
      "\"\n"                       \
      "forewarn_" name             \
      "_end:\n"                    \
      ".popsection\n")
#define FOREWARN_EMBEDDED(name)                                                                             \
  extern "C" {                                                                                              \
  extern const char forewarn_##name##_begin[];                                                              \
  extern const char forewarn_##name##_end[];                                                                \
  }                                                                                                         \
  static std::string_view name() {                                                                          \
    return {forewarn_##name##_begin, static_cast<size_t>(forewarn_##name##_end - forewarn_##name##_begin)}; \
  }

FOREWARN_EMBED("sensors_json", FOREWARN_API_FOLDER "/openapi/sensors.json");
FOREWARN_EMBED("inference_json", FOREWARN_API_FOLDER "/openapi/inference.json");
FOREWARN_EMBED("gateway_json", FOREWARN_API_FOLDER "/openapi/gateway.json");
FOREWARN_EMBED("explorer_html", FOREWARN_API_FOLDER "/explorer/index.html");
FOREWARN_EMBED("explorer_start", FOREWARN_API_FOLDER "/explorer/start.js");
FOREWARN_EMBED("swagger_script", FOREWARN_SWAGGER_UI_SCRIPT);
FOREWARN_EMBED("swagger_style", FOREWARN_SWAGGER_UI_STYLE);
FOREWARN_EMBEDDED(sensors_json)
FOREWARN_EMBEDDED(inference_json)
FOREWARN_EMBEDDED(gateway_json)
FOREWARN_EMBEDDED(explorer_html)
FOREWARN_EMBEDDED(explorer_start)
FOREWARN_EMBEDDED(swagger_script)
FOREWARN_EMBEDDED(swagger_style)

namespace forewarn {

std::string_view ServiceName(Service service) {
  switch (service) {
    case Service::kSensors:
      return "sensors";
    case Service::kInference:
      return "inference";
    case Service::kGateway:
      return "gateway";
  }
  return "";
}

std::string_view DocumentTemplate(Service service) {
  switch (service) {
    case Service::kSensors:
      return sensors_json();
    case Service::kInference:
      return inference_json();
    case Service::kGateway:
      return gateway_json();
  }
  return "";
}

EmbeddedFile ExplorerPage() { return {"text/html; charset=utf-8", explorer_html(), false}; }
EmbeddedFile ExplorerScript() { return {"text/javascript; charset=utf-8", swagger_script(), true}; }
EmbeddedFile ExplorerStyle() { return {"text/css; charset=utf-8", swagger_style(), true}; }
EmbeddedFile ExplorerStart() { return {"text/javascript; charset=utf-8", explorer_start(), false}; }

}  // namespace forewarn
