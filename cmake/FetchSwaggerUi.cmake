# Swagger UI (Apache-2.0), the API explorer at /docs: its script and style sheet, compressed, are written into the
# program, so that the page needs no network. Sets SWAGGER_UI_SCRIPT and SWAGGER_UI_STYLE (gzip files).
set(FOREWARN_SWAGGER_UI_VERSION "5.35.0")
set(FOREWARN_SWAGGER_UI_SHA256 "1b8e891893404ea4c3558b6a87e2a3e494e7eedba41168c2ece5800a391a6ea6")
set(_dir "${FOREWARN_CACHE_DIR}/swagger-ui-${FOREWARN_SWAGGER_UI_VERSION}")
set(SWAGGER_UI_SCRIPT "${_dir}/package/swagger-ui-bundle.js.gz")
set(SWAGGER_UI_STYLE "${_dir}/package/swagger-ui.css.gz")
if(NOT EXISTS "${SWAGGER_UI_SCRIPT}" OR NOT EXISTS "${SWAGGER_UI_STYLE}")
  find_program(NPM_PROGRAM npm REQUIRED)
  find_program(GZIP_PROGRAM gzip REQUIRED)
  file(MAKE_DIRECTORY "${_dir}")
  message(STATUS "Fetching Swagger UI ${FOREWARN_SWAGGER_UI_VERSION}")
  execute_process(COMMAND "${NPM_PROGRAM}" pack --silent "swagger-ui-dist@${FOREWARN_SWAGGER_UI_VERSION}"
    WORKING_DIRECTORY "${_dir}" OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  set(_archive "${_dir}/swagger-ui-dist-${FOREWARN_SWAGGER_UI_VERSION}.tgz")
  file(SHA256 "${_archive}" _digest)
  if(NOT _digest STREQUAL FOREWARN_SWAGGER_UI_SHA256)
    message(FATAL_ERROR "${_archive} has sha256 ${_digest}, expected ${FOREWARN_SWAGGER_UI_SHA256}")
  endif()
  file(ARCHIVE_EXTRACT INPUT "${_archive}" DESTINATION "${_dir}"
    PATTERNS "*/swagger-ui-bundle.js" "*/swagger-ui.css" "*/LICENSE" "*/NOTICE")
  execute_process(COMMAND "${GZIP_PROGRAM}" -9nkf swagger-ui-bundle.js swagger-ui.css
    WORKING_DIRECTORY "${_dir}/package" COMMAND_ERROR_IS_FATAL ANY)
  file(REMOVE "${_archive}")
endif()
