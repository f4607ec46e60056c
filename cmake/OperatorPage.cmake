# The operator's page (ui/), built by Vite when its sources have changed: <binary dir>/ui beside the program, installed to
# share/forewarn/ui. A preset without FOREWARN_UI has none.
file(GLOB_RECURSE _ui_sources CONFIGURE_DEPENDS
  "${CMAKE_SOURCE_DIR}/ui/src/*" "${CMAKE_SOURCE_DIR}/ui/public/*")
list(FILTER _ui_sources EXCLUDE REGEX "schema\\.d\\.ts$|\\.test\\.ts$")
add_custom_command(OUTPUT "${CMAKE_BINARY_DIR}/ui/index.html"
  COMMAND "${CMAKE_SOURCE_DIR}/tools/ui.sh" build "${CMAKE_BINARY_DIR}/ui"
  DEPENDS ${_ui_sources} "${CMAKE_SOURCE_DIR}/ui/index.html" "${CMAKE_SOURCE_DIR}/ui/package-lock.json"
    "${CMAKE_SOURCE_DIR}/ui/vite.config.ts" "${CMAKE_SOURCE_DIR}/ui/vite.page.ts" "${CMAKE_SOURCE_DIR}/ui/svelte.config.js"
    "${CMAKE_SOURCE_DIR}/src/api/openapi/gateway.json" "${CMAKE_SOURCE_DIR}/tools/ui.sh"
  COMMENT "Building the operator's page" VERBATIM)
add_custom_target(ui ALL DEPENDS "${CMAKE_BINARY_DIR}/ui/index.html")
install(DIRECTORY "${CMAKE_BINARY_DIR}/ui" DESTINATION ${CMAKE_INSTALL_DATADIR}/forewarn)
