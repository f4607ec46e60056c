// MLflow's REST interface in front of the embedded registry, as far as its clients read models and move
// aliases: registered models and versions by name, search and alias, the runs they came from, their files;
// setting and deleting an alias (a promotion, where it is the champion's). So the official Python client, and
// the curl of many a runbook, work against the inference service. Handlers block on the disk and run on the
// pool.
#pragma once

#include <functional>

#include "http/router.h"
#include "registry/registry.h"

namespace forewarn {

inline constexpr char kMlflowPaths[] = "/api/2.0/";  // all routes begin so

struct MlflowFaceOptions {
  http::Guard guard;
  std::function<void()> changed;  // an alias was moved
};

// registry must outlive the router.
void MountMlflowFace(http::Router& router, Registry* registry, MlflowFaceOptions options);

// A search's filter: name = 'x', name LIKE 'x%' or ILIKE, run_id = 'x', joined by AND. "" is everything.
// Invalid, in words, for what is not known.
struct MlflowFilter {
  std::string name;   // "" is any
  bool like = false;  // name is a pattern of SQL: % is any text, _ any character
  bool ignore_case = false;
  std::string run_id;
  bool none = false;  // asks for what is never here: MLflow's prompts
  bool Matches(const std::string& model_name, const std::string& run) const;
};
Result<MlflowFilter> ParseMlflowFilter(std::string_view text);

}  // namespace forewarn
