# XGBoost::c_api. Debian's own CMake config refuses to load without the xgboost executable's package.
include(FindPackageHandleStandardArgs)
find_path(XGBOOST_INCLUDE_DIR xgboost/c_api.h)
find_library(XGBOOST_LIBRARY xgboost)
find_package_handle_standard_args(XGBoostC REQUIRED_VARS XGBOOST_LIBRARY XGBOOST_INCLUDE_DIR)
if(XGBoostC_FOUND AND NOT TARGET XGBoost::c_api)
  add_library(XGBoost::c_api UNKNOWN IMPORTED)
  set_target_properties(XGBoost::c_api PROPERTIES
    IMPORTED_LOCATION "${XGBOOST_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${XGBOOST_INCLUDE_DIR}")
endif()
