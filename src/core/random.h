// The product's only source of randomness: xoshiro256** (Blackman & Vigna 2018) seeded by SplitMix64. Same
// seed, same numbers, on every machine and thread count; the standard library's distributions are not
// portable, so ours are here. An object belongs to one thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace forewarn {

class Random {
 public:
  explicit Random(uint64_t seed);

  uint64_t Next();
  double Uniform();                         // [0, 1), 53 bits
  double Uniform(double low, double high);  // [low, high)
  uint64_t Below(uint64_t n);               // 0 … n-1 without bias; n > 0
  double Normal();                          // mean 0, sd 1 (Box-Muller, both values used)
  double Exponential(double mean);
  template <typename T>
  void Shuffle(std::vector<T>& items) {  // Fisher-Yates
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(i)]);
  }
  // k distinct indices of 0 … n-1 in ascending order (Floyd); k <= n.
  std::vector<uint32_t> Sample(uint32_t n, uint32_t k);

 private:
  uint64_t state_[4];
  double spare_ = 0;
  bool has_spare_ = false;
};

// A seed for one part of a job: hash(seed, name, index). Two parts never share a stream, whatever thread runs
// them.
uint64_t DeriveSeed(uint64_t seed, std::string_view name, uint64_t index = 0);

}  // namespace forewarn
