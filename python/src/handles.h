// The classes Python sees, as the bindings hold them: shared, immutable values, so that any number of Python
// threads may use one without a lock; and the conversions every binding needs (numpy views that keep their
// owner alive, arrays in, JSON text to dictionaries). Numpy helpers need the GIL.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "errors.h"
#include "features/dataset.h"
#include "features/features.h"
#include "frame/frame.h"
#include "frame/table.h"
#include "plant/plant.h"

namespace forewarn::python {

namespace nb = nanobind;

struct PlantHandle {
  std::shared_ptr<const Plant> plant;
  std::string text;  // the plant file, for pickling
};

struct FrameHandle {
  std::shared_ptr<const Frame> frame;
  std::string set_aside = "{}";  // JSON: what reading it set aside

  explicit FrameHandle(Frame value) : frame(std::make_shared<const Frame>(std::move(value))) {}
  explicit FrameHandle(std::shared_ptr<const Frame> shared) : frame(std::move(shared)) {}
  FrameHandle(Frame value, std::string report)
      : frame(std::make_shared<const Frame>(std::move(value))), set_aside(std::move(report)) {}
};

struct DatasetHandle {
  std::shared_ptr<const FeatureDataset> set;
};

struct WindowsHandle {
  std::shared_ptr<const WindowMatrix> windows;
};

using ReleaseGil = nb::call_guard<nb::gil_scoped_release>;

// Arrays as functions take them: numpy makes them contiguous doubles (or bytes) where they are not.
using Vector = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix2 = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
Vector ToVector(nb::handle array);
Matrix2 ToMatrix(nb::handle array);
std::vector<PlantTime> ToTimes(nb::handle array);  // anything numpy brings to datetime64[us]

// Of 0s and 1s, one a row and at least one; anything else is an error that names the row.
std::vector<uint8_t> ToLabels(nb::handle array);

inline std::vector<double> Copy(const Vector& v) { return {v.data(), v.data() + v.size()}; }

// Read-only numpy arrays over memory that `owner` keeps alive.
nb::object DoublesView(const double* cells, size_t n, std::shared_ptr<const void> owner);
nb::object FloatsView(const float* cells, size_t rows, size_t columns, std::shared_ptr<const void> owner);
nb::object TimesView(const PlantTime* cells, size_t n, std::shared_ptr<const void> owner);
// An array of its own.
template <typename T>
nb::object ToNumpy(std::vector<T> values) {
  auto* kept = new std::vector<T>(std::move(values));
  const nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<1>>(kept->data(), {kept->size()}, owner));
}
nb::object ToNumpy2(std::vector<double> values, size_t rows, size_t columns);

nb::object FromJson(std::string_view text);
std::string ToFrameReportJson(const ToFrameReport& report);

// What any object that offers __arrow_c_stream__ holds, as a Table. plant may be null; zone "" is the
// plant's.
Table ReadTabular(nb::handle data, const PlantHandle* plant, const std::string& time_column,
                  const std::string& zone);

}  // namespace forewarn::python
