// Files compiled into the program: the OpenAPI documents as they stand in src/api/openapi (document.h
// completes them for a plant) and the API explorer. Constant; any thread.
#pragma once

#include <string_view>

namespace forewarn {

enum class Service { kSensors, kInference, kGateway };
std::string_view ServiceName(Service service);  // "sensors", "inference", "gateway"

std::string_view DocumentTemplate(Service service);

// A file of the explorer. Compressed ones are gzip and must be sent with Content-Encoding.
struct EmbeddedFile {
  std::string_view content_type;
  std::string_view bytes;
  bool gzip = false;
};
EmbeddedFile ExplorerPage();
EmbeddedFile ExplorerScript();
EmbeddedFile ExplorerStyle();
EmbeddedFile ExplorerStart();

}  // namespace forewarn
