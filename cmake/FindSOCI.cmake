# SOCI::core, SOCI::sqlite3, SOCI::postgresql. Debian's package has no CMake config.
include(FindPackageHandleStandardArgs)
find_path(SOCI_INCLUDE_DIR soci/soci.h)
find_path(SOCI_PQ_INCLUDE_DIR libpq-fe.h PATH_SUFFIXES postgresql)  # soci-postgresql.h includes it
find_library(SOCI_CORE_LIBRARY soci_core)
find_library(SOCI_SQLITE3_LIBRARY soci_sqlite3)
find_library(SOCI_POSTGRESQL_LIBRARY soci_postgresql)
find_package_handle_standard_args(SOCI REQUIRED_VARS SOCI_CORE_LIBRARY SOCI_SQLITE3_LIBRARY
  SOCI_POSTGRESQL_LIBRARY SOCI_INCLUDE_DIR SOCI_PQ_INCLUDE_DIR)
if(SOCI_FOUND AND NOT TARGET SOCI::core)
  foreach(_part core sqlite3 postgresql)
    string(TOUPPER "SOCI_${_part}_LIBRARY" _library)
    add_library(SOCI::${_part} UNKNOWN IMPORTED)
    set_target_properties(SOCI::${_part} PROPERTIES IMPORTED_LOCATION "${${_library}}"
      INTERFACE_INCLUDE_DIRECTORIES "${SOCI_INCLUDE_DIR}")
  endforeach()
  set_property(TARGET SOCI::sqlite3 SOCI::postgresql PROPERTY INTERFACE_LINK_LIBRARIES SOCI::core)
  set_property(TARGET SOCI::postgresql APPEND PROPERTY INTERFACE_INCLUDE_DIRECTORIES "${SOCI_PQ_INCLUDE_DIR}")
endif()
