#include "core/random.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace forewarn {
namespace {

uint64_t SplitMix64(uint64_t& x) {
  uint64_t z = (x += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

uint64_t RotateLeft(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

}  // namespace

Random::Random(uint64_t seed) {
  for (uint64_t& s : state_) s = SplitMix64(seed);
}

uint64_t Random::Next() {
  const uint64_t result = RotateLeft(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = RotateLeft(state_[3], 45);
  return result;
}

double Random::Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

double Random::Uniform(double low, double high) { return low + (high - low) * Uniform(); }

uint64_t Random::Below(uint64_t n) {
  const uint64_t limit = ~uint64_t{0} - (~uint64_t{0} % n + 1) % n;  // last value of the last whole run of n
  uint64_t x = Next();
  while (x > limit) x = Next();
  return x % n;
}

double Random::Normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double r = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
  const double angle = 2.0 * std::numbers::pi * Uniform();
  spare_ = r * std::sin(angle);
  has_spare_ = true;
  return r * std::cos(angle);
}

double Random::Exponential(double mean) { return -mean * std::log(1.0 - Uniform()); }

std::vector<uint32_t> Random::Sample(uint32_t n, uint32_t k) {
  std::vector<uint32_t> chosen;
  chosen.reserve(k);
  for (uint32_t j = n - k; j < n; ++j) {
    const auto t = static_cast<uint32_t>(Below(j + 1));
    const auto at = std::lower_bound(chosen.begin(), chosen.end(), t);
    if (at != chosen.end() && *at == t) {
      chosen.insert(std::lower_bound(chosen.begin(), chosen.end(), j), j);
    } else {
      chosen.insert(at, t);
    }
  }
  return chosen;
}

uint64_t DeriveSeed(uint64_t seed, std::string_view name, uint64_t index) {
  uint64_t h = 0xcbf29ce484222325ULL;  // FNV-1a over the name, then two mixing rounds
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  uint64_t x = seed ^ h;
  x = SplitMix64(x) + index;
  return SplitMix64(x);
}

}  // namespace forewarn
