#include "arrow_export.h"

#include <cerrno>
#include <cmath>
#include <cstdint>

#include "arrow_c.h"
#include "core/plant_time.h"

namespace nb = nanobind;

namespace forewarn::python {
namespace {

using Columns = std::vector<ColumnView>;

// What every structure of one exported table shares.
struct Exported {
  Columns columns;
  size_t rows = 0;
  std::shared_ptr<const void> owner;
};
using ExportedPtr = std::shared_ptr<const Exported>;

const char* FormatOf(ColumnView::Kind kind) {
  switch (kind) {
    case ColumnView::Kind::kDouble:
      return "g";
    case ColumnView::Kind::kFloat:
      return "f";
    case ColumnView::Kind::kInt64:
      return "l";
    case ColumnView::Kind::kTime:
      return "tsu:";
  }
  return "n";
}

bool IsNull(const ColumnView& column, size_t row) {
  switch (column.kind) {
    case ColumnView::Kind::kDouble:
      return std::isnan(static_cast<const double*>(column.cells)[row]);
    case ColumnView::Kind::kFloat:
      return std::isnan(static_cast<const float*>(column.cells)[row]);
    case ColumnView::Kind::kTime:
      return static_cast<const int64_t*>(column.cells)[row] == kNoTime;
    case ColumnView::Kind::kInt64:
      return false;
  }
  return false;
}

struct SchemaParts {
  ExportedPtr exported;  // names live there
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

void ReleaseChildSchema(ArrowSchema* schema) {
  delete static_cast<ExportedPtr*>(schema->private_data);
  schema->release = nullptr;
}

void ReleaseSchema(ArrowSchema* schema) {
  auto* parts = static_cast<SchemaParts*>(schema->private_data);
  for (ArrowSchema& child : parts->children) {
    if (child.release != nullptr) child.release(&child);
  }
  delete parts;
  schema->release = nullptr;
}

void FillSchema(const ExportedPtr& exported, ArrowSchema* out) {
  auto parts = std::make_unique<SchemaParts>();
  parts->exported = exported;
  for (const ColumnView& column : exported->columns) {
    parts->children.push_back({FormatOf(column.kind), column.name.c_str(), nullptr, kArrowNullable, 0,
                               nullptr, nullptr, ReleaseChildSchema, new ExportedPtr(exported)});
  }
  for (ArrowSchema& child : parts->children) parts->pointers.push_back(&child);
  *out = {"+s",
          "",
          nullptr,
          0,
          static_cast<int64_t>(parts->children.size()),
          parts->pointers.data(),
          nullptr,
          ReleaseSchema,
          nullptr};
  out->private_data = parts.release();
}

struct ColumnParts {
  ExportedPtr exported;
  std::vector<uint8_t> valid;  // bitmap; empty: every cell is
  const void* buffers[2] = {};
};

void ReleaseColumn(ArrowArray* array) {
  delete static_cast<ColumnParts*>(array->private_data);
  array->release = nullptr;
}

ArrowArray MakeColumn(const ExportedPtr& exported, const ColumnView& column) {
  auto parts = std::make_unique<ColumnParts>();
  parts->exported = exported;
  int64_t nulls = 0;
  for (size_t r = 0; r < exported->rows; ++r) {
    if (!IsNull(column, r)) continue;
    if (nulls++ == 0) parts->valid.assign((exported->rows + 7) / 8, 0xFF);
    parts->valid[r / 8] = static_cast<uint8_t>(parts->valid[r / 8] & ~(1u << (r % 8)));
  }
  parts->buffers[0] = parts->valid.empty() ? nullptr : parts->valid.data();
  parts->buffers[1] = column.cells;
  ArrowArray out{static_cast<int64_t>(exported->rows),
                 nulls,
                 0,
                 2,
                 0,
                 parts->buffers,
                 nullptr,
                 nullptr,
                 ReleaseColumn,
                 nullptr};
  out.private_data = parts.release();
  return out;
}

struct BatchParts {
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
  const void* buffers[1] = {nullptr};
};

void ReleaseBatch(ArrowArray* array) {
  auto* parts = static_cast<BatchParts*>(array->private_data);
  for (ArrowArray& child : parts->children) {
    if (child.release != nullptr) child.release(&child);
  }
  delete parts;
  array->release = nullptr;
}

void FillBatch(const ExportedPtr& exported, ArrowArray* out) {
  auto parts = std::make_unique<BatchParts>();
  for (const ColumnView& column : exported->columns) parts->children.push_back(MakeColumn(exported, column));
  for (ArrowArray& child : parts->children) parts->pointers.push_back(&child);
  *out = {static_cast<int64_t>(exported->rows),
          0,
          0,
          1,
          static_cast<int64_t>(parts->children.size()),
          parts->buffers,
          parts->pointers.data(),
          nullptr,
          ReleaseBatch,
          nullptr};
  out->private_data = parts.release();
}

struct StreamParts {
  ExportedPtr exported;
  bool given = false;  // the one batch
};

int GetSchema(ArrowArrayStream* stream, ArrowSchema* out) {
  try {
    FillSchema(static_cast<StreamParts*>(stream->private_data)->exported, out);
    return 0;
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
}

int GetNext(ArrowArrayStream* stream, ArrowArray* out) {
  auto* parts = static_cast<StreamParts*>(stream->private_data);
  if (parts->given) {
    *out = {};
    return 0;
  }
  try {
    FillBatch(parts->exported, out);
    parts->given = true;
    return 0;
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
}

const char* GetLastError(ArrowArrayStream*) { return "out of memory"; }

void ReleaseStream(ArrowArrayStream* stream) {
  delete static_cast<StreamParts*>(stream->private_data);
  stream->release = nullptr;
}

void DestroyCapsule(PyObject* capsule) {
  auto* stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, kStreamCapsule));
  if (stream == nullptr) return;
  if (stream->release != nullptr) stream->release(stream);
  delete stream;
}

}  // namespace

nb::object ExportColumns(std::vector<ColumnView> columns, size_t rows, std::shared_ptr<const void> owner) {
  auto exported = std::make_shared<const Exported>(Exported{std::move(columns), rows, std::move(owner)});
  auto stream = std::make_unique<ArrowArrayStream>(ArrowArrayStream{
      GetSchema, GetNext, GetLastError, ReleaseStream, new StreamParts{std::move(exported), false}});
  PyObject* capsule = PyCapsule_New(stream.get(), kStreamCapsule, DestroyCapsule);
  if (capsule == nullptr) {
    stream->release(stream.get());
    throw nb::python_error();
  }
  stream.release();  // NOLINT(bugprone-unused-return-value): the capsule owns it now
  return nb::steal(capsule);
}

}  // namespace forewarn::python
