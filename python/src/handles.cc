#include "handles.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "arrow_import.h"

namespace forewarn::python {
namespace {

nb::capsule Keep(std::shared_ptr<const void> owner) {
  auto* kept = new std::shared_ptr<const void>(std::move(owner));
  return {kept, [](void* p) noexcept { delete static_cast<std::shared_ptr<const void>*>(p); }};
}

nb::object Numpy(const char* function, nb::handle array, const char* type) {
  return nb::module_::import_("numpy").attr(function)(array, nb::arg("dtype") = type);
}

Status NotTabular(nb::handle data) {
  return Status::Invalid(
      fmt::format("a {} is no table; give a pyarrow, pandas or polars table, or anything else that offers "
                  "__arrow_c_stream__",
                  nb::cast<std::string>(data.type().attr("__name__"))));
}

}  // namespace

Vector ToVector(nb::handle array) {
  const nb::object made = Numpy("ascontiguousarray", array, "float64");
  Vector out;
  if (!nb::try_cast(made, out)) throw StatusError(Status::Invalid("an array of one dimension is needed"));
  return out;
}

Matrix2 ToMatrix(nb::handle array) {
  const nb::object made = Numpy("ascontiguousarray", array, "float64");
  Matrix2 out;
  if (!nb::try_cast(made, out)) throw StatusError(Status::Invalid("an array of two dimensions is needed"));
  return out;
}

std::vector<PlantTime> ToTimes(nb::handle array) {
  const nb::object made = Numpy("ascontiguousarray", array, "datetime64[us]").attr("view")("int64");
  nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu> out;
  if (!nb::try_cast(made, out)) throw StatusError(Status::Invalid("times are an array of one dimension"));
  return {out.data(), out.data() + out.size()};
}

std::vector<uint8_t> ToLabels(nb::handle array) {
  const Vector cells = ToVector(array);
  if (cells.size() == 0) throw StatusError(Status::Invalid("there are no labels; at least one is needed"));
  std::vector<uint8_t> out;
  out.reserve(cells.size());
  for (size_t r = 0; r < cells.size(); ++r) {
    const double cell = cells.data()[r];
    if (cell != 0 && cell != 1) {
      throw StatusError(
          Status::Invalid(fmt::format("the label at row {} is {}; a label is 0 or 1", r, cell)));
    }
    out.push_back(cell == 1 ? 1 : 0);
  }
  return out;
}

nb::object DoublesView(const double* cells, size_t n, std::shared_ptr<const void> owner) {
  return nb::cast(nb::ndarray<nb::numpy, const double, nb::ndim<1>>(cells, {n}, Keep(std::move(owner))));
}

nb::object FloatsView(const float* cells, size_t rows, size_t columns, std::shared_ptr<const void> owner) {
  return nb::cast(
      nb::ndarray<nb::numpy, const float, nb::ndim<2>>(cells, {rows, columns}, Keep(std::move(owner))));
}

nb::object TimesView(const PlantTime* cells, size_t n, std::shared_ptr<const void> owner) {
  const nb::object plain =
      nb::cast(nb::ndarray<nb::numpy, const int64_t, nb::ndim<1>>(cells, {n}, Keep(std::move(owner))));
  return plain.attr("view")("datetime64[us]");  // kNoTime is numpy's NaT
}

nb::object ToNumpy2(std::vector<double> values, size_t rows, size_t columns) {
  auto* kept = new std::vector<double>(std::move(values));
  const nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, double, nb::ndim<2>>(kept->data(), {rows, columns}, owner));
}

nb::object FromJson(std::string_view text) {
  return nb::module_::import_("json").attr("loads")(nb::str(text.data(), text.size()));
}

std::string ToFrameReportJson(const ToFrameReport& report) {
  nlohmann::ordered_json json = {{"rows", report.rows},
                                 {"unreadable_times", report.unreadable_times},
                                 {"duplicate_times", report.duplicate_times},
                                 {"out_of_order", report.out_of_order},
                                 {"not_numbers", nlohmann::ordered_json::object()}};
  for (const auto& [column, cells] : report.non_numeric) json["not_numbers"][column] = cells;
  return json.dump();
}

Table ReadTabular(nb::handle data, const PlantHandle* plant, const std::string& time_column,
                  const std::string& zone) {
  if (!nb::hasattr(data, "__arrow_c_stream__")) throw StatusError(NotTabular(data));
  const nb::object capsule = data.attr("__arrow_c_stream__")();
  auto* stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), kStreamCapsule));
  if (stream == nullptr) throw nb::python_error();
  if (stream->release == nullptr) throw StatusError(Status::Invalid("the table was consumed before"));
  ArrowReadOptions options;
  options.time_column = time_column;
  if (plant != nullptr) {
    options.zone = plant->plant->zone;
    options.time_format = plant->plant->day_first_format;
  }
  if (!zone.empty()) options.zone = zone;
  const nb::gil_scoped_release release;  // the capsule, held by this frame, releases the stream
  return Unwrap(ReadArrowStream(stream, "table", options));
}

}  // namespace forewarn::python
