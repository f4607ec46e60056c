# Arrow and Parquet C++ for systems without a packaged Arrow: the pyarrow wheel ships both headers and libraries.
# The wheel is only unpacked, never installed. Sets ARROW_WHEEL_DIR.
set(FOREWARN_ARROW_VERSION "21.0.0")
set(FOREWARN_ARROW_SHA256 "40ebfcb54a4f11bcde86bc586cbd0272bac0d516cfa539c799c2453768477569")
set(FOREWARN_CACHE_DIR "${CMAKE_SOURCE_DIR}/build/_cache" CACHE PATH "downloads shared by all presets")
set(ARROW_WHEEL_DIR "${FOREWARN_CACHE_DIR}/arrow-${FOREWARN_ARROW_VERSION}/pyarrow")
if(NOT EXISTS "${ARROW_WHEEL_DIR}/include/arrow/api.h")
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(_dir "${FOREWARN_CACHE_DIR}/arrow-${FOREWARN_ARROW_VERSION}")
  file(MAKE_DIRECTORY "${_dir}")
  message(STATUS "Fetching the pyarrow ${FOREWARN_ARROW_VERSION} wheel for its Arrow C++ libraries")
  execute_process(COMMAND "${Python3_EXECUTABLE}" -m pip download -q --no-deps --only-binary=:all:
    --python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_28_x86_64
    -d "${_dir}" "pyarrow==${FOREWARN_ARROW_VERSION}" COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB _wheel "${_dir}/pyarrow-${FOREWARN_ARROW_VERSION}-*.whl")
  file(SHA256 "${_wheel}" _digest)
  if(NOT _digest STREQUAL FOREWARN_ARROW_SHA256)
    message(FATAL_ERROR "${_wheel} has sha256 ${_digest}, expected ${FOREWARN_ARROW_SHA256}")
  endif()
  file(ARCHIVE_EXTRACT INPUT "${_wheel}" DESTINATION "${_dir}")
  file(REMOVE "${_wheel}")
endif()
