// Secrets kept in files of the data folder: the token secret, the services' token.
#pragma once

#include <filesystem>
#include <string>

#include "core/status.h"

namespace forewarn {

// The secret in `file`, made at the first call from 32 random bytes with mode 0600; processes that start
// together agree on one. kInvalid where others may read or write the file, or it holds fewer than 32 bytes.
Result<std::string> LoadOrMakeSecret(const std::filesystem::path& file);
// A secret somebody else put there (a container's secret file), whatever its mode.
Result<std::string> LoadSecret(const std::filesystem::path& file);

}  // namespace forewarn
