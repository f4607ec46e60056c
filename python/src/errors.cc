#include "errors.h"

#include <nanobind/stl/string.h>

namespace nb = nanobind;

namespace forewarn::python {
namespace {

// forewarn.errors makes the exception: its classes are plain Python, so that they can be caught, pickled and
// documented like any other.
void Raise(const StatusError& error) {
  nb::list faults;
  for (const Fault& fault : error.faults()) faults.append(nb::make_tuple(fault.pointer, fault.detail));
  const nb::object exception =
      nb::module_::import_("forewarn.errors")
          .attr("from_status")(CodeName(error.status().code()), error.status().message(), faults);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
}

}  // namespace

void RegisterErrors() {
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const StatusError& error) {
      try {
        Raise(error);
      } catch (nb::python_error& failed) {  // no memory, or the package is torn down: tell that instead
        failed.restore();
      }
    }
  });
}

}  // namespace forewarn::python
