// The HTTP client of a service behind this one: JSON in and out, failures as Status in words that name the
// service (upstream.h), quick refusals while it is away (circuit.h). Blocks; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/circuit.h"
#include "core/fault.h"
#include "core/status.h"
#include "http/client.h"

namespace forewarn {

struct RemoteOptions {
  std::string url;     // "http://127.0.0.1:7502", without a slash at its end
  std::string bearer;  // the service token; "" where the service is open
};

class UpstreamClient {
 public:
  // service: "the inference service".
  UpstreamClient(std::string service, RemoteOptions options);

  Result<std::string> Get(const std::string& path);
  Result<std::string> Post(const std::string& path, std::string_view body, std::vector<Fault>* faults);

  const RemoteOptions& options() const { return options_; }

 private:
  Result<std::string> Ask(http::ClientRequest request, std::vector<Fault>* faults);

  const std::string service_;
  const RemoteOptions options_;
  const http::Client client_;
  Circuit circuit_;
};

}  // namespace forewarn
