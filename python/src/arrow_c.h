// The Arrow C data and stream interfaces (arrow.apache.org/docs/format/CDataInterface.html), declared here so
// that the package needs no Arrow library: it exchanges tables with pyarrow, pandas, polars or anything else
// that speaks the PyCapsule protocol, in whatever version that is.
#pragma once

#include <cstdint>

extern "C" {

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

}  // extern "C"

namespace forewarn::python {

inline constexpr int64_t kArrowNullable = 2;  // ARROW_FLAG_NULLABLE
inline constexpr char kStreamCapsule[] = "arrow_array_stream";

}  // namespace forewarn::python
