// The product's version; part of every model's forewarn.json and every manifest.
#pragma once

namespace forewarn {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace forewarn
