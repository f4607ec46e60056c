#include "model/tree_shap.h"

#include <algorithm>
#include <cmath>

#include "model/multiversion.h"

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors pass between functions that are always inlined

namespace forewarn {
namespace {

using Lanes = float __attribute__((vector_size(TreeShap::kLanes * sizeof(float))));
using Masks = int32_t __attribute__((vector_size(TreeShap::kLanes * sizeof(int32_t))));
constexpr size_t kChunkBytes =
    24 * 1024;  // of tables: they stay in the first-level cache over a batch's rows

}  // namespace

struct ShapKernel {
  using Run = TreeShap::Run;
  using Split = TreeShap::Split;

  template <int kConditions>
  [[gnu::always_inline]] static inline void Row(const Run& run, const float* split, double* phi) {
    const Split* splits = run.splits.data();
    const uint32_t* feature = run.feature.data();
    const float* table = run.table.data();
    const size_t columns = run.features;
    for (uint32_t g = 0; g < run.count; ++g) {
      size_t mask = 0;
      for (int b = 0; b < kConditions; ++b) {
        mask |= static_cast<size_t>(split[splits[b].slot] < splits[b].threshold) << b;
      }
      const float* shapley = table + mask * columns;
      for (size_t k = 0; k < columns; ++k) phi[feature[k]] += static_cast<double>(shapley[k]);
      splits += kConditions;
      feature += columns;
      table += columns << kConditions;
    }
  }

  // One subtree, kLanes rows: the rows' table indices by vector comparisons, then a scalar scatter a row.
  template <int kConditions>
  [[gnu::always_inline]] static inline void Subtree(const Split* splits, const uint32_t* feature,
                                                    const float* table, size_t columns, const Lanes* x,
                                                    size_t features, double* phi) {
    Masks mask = {};
    for (int b = 0; b < kConditions; ++b) {
      const Masks left = x[splits[b].slot] < splits[b].threshold;  // −1 where true
      mask |= left & (1 << b);
    }
    alignas(64) int32_t row_mask[TreeShap::kLanes];
    __builtin_memcpy(row_mask, &mask, sizeof(mask));
    for (size_t j = 0; j < TreeShap::kLanes; ++j) {
      const float* shapley = table + static_cast<size_t>(row_mask[j]) * columns;
      double* row_phi = phi + j * features;
      for (size_t k = 0; k < columns; ++k) row_phi[feature[k]] += static_cast<double>(shapley[k]);
    }
  }

  // Chunk by chunk of subtrees, so that a chunk's tables are in cache for all rows.
  template <int kConditions>
  [[gnu::always_inline]] static inline void Blocks(const Run& run, const float* split, size_t features,
                                                   size_t blocks, double* phi) {
    constexpr size_t kLanes = TreeShap::kLanes;
    const size_t columns = run.features;
    const size_t size = columns << kConditions;
    const size_t chunk = std::max<size_t>(1, kChunkBytes / (size * sizeof(float)));
    for (size_t first = 0; first < run.count; first += chunk) {
      const size_t last = std::min<size_t>(run.count, first + chunk);
      for (size_t block = 0; block < blocks; ++block) {
        const Lanes* x = reinterpret_cast<const Lanes*>(split) + block * 2 * features;
        for (size_t g = first; g < last; ++g) {
          Subtree<kConditions>(&run.splits[g * kConditions], &run.feature[g * columns], &run.table[g * size],
                               columns, x, features, phi + block * kLanes * features);
        }
      }
    }
  }
};

namespace {

// Calls use with the run's number of conditions as a constant.
template <typename Use>
[[gnu::always_inline]] inline void Dispatch(uint32_t conditions, const Use& use) {
  switch (conditions) {
    case 1:
      return use.template operator()<1>();
    case 2:
      return use.template operator()<2>();
    case 3:
      return use.template operator()<3>();
    case 4:
      return use.template operator()<4>();
    case 5:
      return use.template operator()<5>();
    case 6:
      return use.template operator()<6>();
    case 7:
      return use.template operator()<7>();
    default:
      return use.template operator()<8>();
  }
}

}  // namespace

void TreeShap::AddRun(const Run& run, const float* split, double* phi) {
  Dispatch(run.conditions, [&]<int kConditions>() { ShapKernel::Row<kConditions>(run, split, phi); });
}

FW_MULTIVERSION void TreeShap::AddRunBlocks(const Run& run, const float* split, size_t features,
                                            size_t blocks, double* phi) {
  switch (run.conditions) {
    case 1:
      return ShapKernel::Blocks<1>(run, split, features, blocks, phi);
    case 2:
      return ShapKernel::Blocks<2>(run, split, features, blocks, phi);
    case 3:
      return ShapKernel::Blocks<3>(run, split, features, blocks, phi);
    case 4:
      return ShapKernel::Blocks<4>(run, split, features, blocks, phi);
    case 5:
      return ShapKernel::Blocks<5>(run, split, features, blocks, phi);
    case 6:
      return ShapKernel::Blocks<6>(run, split, features, blocks, phi);
    case 7:
      return ShapKernel::Blocks<7>(run, split, features, blocks, phi);
    default:
      return ShapKernel::Blocks<8>(run, split, features, blocks, phi);
  }
}

void TreeShap::AddLeaf(const Leaf& leaf, const float* split, size_t stride, double* phi) const {
  const PathFeature* path = &path_[leaf.first];
  double share[kMaxPath];
  bool satisfied[kMaxPath];
  double shapley[kMaxPath];
  for (size_t i = 0; i < leaf.count; ++i) {
    const float x = split[2 * path[i].feature * stride];
    const bool missing = x != split[(2 * path[i].feature + 1) * stride];
    share[i] = path[i].share;
    satisfied[i] = missing ? path[i].missing_ok : !(x < path[i].low) && !(x >= path[i].high);
  }
  LeafShapley(leaf.value, share, satisfied, leaf.count, shapley);
  for (size_t i = 0; i < leaf.count; ++i) phi[path[i].feature] += shapley[i];
}

void TreeShap::Add(const float* split, double* phi) const {
  for (const Run& run : runs_) AddRun(run, split, phi);
  for (const Leaf& leaf : leaves_) {
    if (leaf.count > 0) AddLeaf(leaf, split, 1, phi);
  }
}

void TreeShap::AddBlocks(const float* split, size_t blocks, double* phi) const {
  for (const Run& run : runs_) AddRunBlocks(run, split, features_, blocks, phi);
  if (leaves_.empty()) return;
  for (size_t j = 0; j < blocks * kLanes; ++j) {
    const float* row = split + j / kLanes * 2 * features_ * kLanes + j % kLanes;
    for (const Leaf& leaf : leaves_) {
      if (leaf.count > 0) AddLeaf(leaf, row, kLanes, phi + j * features_);
    }
  }
}

}  // namespace forewarn
