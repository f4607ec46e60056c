// What an object's key may look like; shared by the stores. Pure.
#pragma once

#include <string>

#include "core/status.h"

namespace forewarn {

Status CheckKey(const std::string& key);

}  // namespace forewarn
