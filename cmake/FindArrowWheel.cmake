# Imported targets ArrowWheel::arrow and ArrowWheel::parquet over an unpacked pyarrow wheel (ARROW_WHEEL_DIR).
include(FindPackageHandleStandardArgs)
if(EXISTS "${ARROW_WHEEL_DIR}/include/arrow/util/config.h")
  file(STRINGS "${ARROW_WHEEL_DIR}/include/arrow/util/config.h" _version REGEX "define ARROW_VERSION_STRING")
  string(REGEX REPLACE ".*\"([0-9.]+).*\".*" "\\1" ArrowWheel_VERSION "${_version}")
  file(STRINGS "${ARROW_WHEEL_DIR}/include/arrow/util/config.h" _so REGEX "define ARROW_SO_VERSION")
  string(REGEX REPLACE ".*\"([0-9]+)\".*" "\\1" _so_version "${_so}")
endif()
find_package_handle_standard_args(ArrowWheel REQUIRED_VARS ARROW_WHEEL_DIR VERSION_VAR ArrowWheel_VERSION)
function(_arrow_wheel_library target file)
  if(TARGET ArrowWheel::${target})
    return()
  endif()
  add_library(ArrowWheel::${target} SHARED IMPORTED GLOBAL)
  set_target_properties(ArrowWheel::${target} PROPERTIES
    IMPORTED_LOCATION "${ARROW_WHEEL_DIR}/lib${file}.so.${_so_version}"
    IMPORTED_SONAME "lib${file}.so.${_so_version}"
    INTERFACE_INCLUDE_DIRECTORIES "${ARROW_WHEEL_DIR}/include"
    INTERFACE_LINK_LIBRARIES "${ARGN}")
endfunction()
_arrow_wheel_library(arrow arrow)
_arrow_wheel_library(parquet parquet ArrowWheel::arrow)
