# What is compiled in from files: the presets and claims of configs/, and the version with its commit.

set(ATE_GENERATED_FOLDER ${PROJECT_BINARY_DIR}/generated)
set(ATE_PRESETS_SOURCE ${ATE_GENERATED_FOLDER}/presets.cpp)

set(ATE_PRESET_ENTRIES "")
foreach(name focused medium long definitive sparse sparse-frontier demo
               nanogpt-shakespeare-char-cpu zoology-mqar)
  file(READ ${PROJECT_SOURCE_DIR}/configs/presets/${name}.json text)
  string(APPEND ATE_PRESET_ENTRIES "      {\"${name}\", R\"json(${text})json\"},\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/configs/presets/${name}.json)
endforeach()
file(READ ${PROJECT_SOURCE_DIR}/configs/published.json ATE_PUBLISHED_MODE)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/configs/published.json)
configure_file(${PROJECT_SOURCE_DIR}/src/config/presets.cpp.in ${ATE_PRESETS_SOURCE} @ONLY)

set(ATE_CLAIMS_SOURCE ${ATE_GENERATED_FOLDER}/claims.cpp)
file(READ ${PROJECT_SOURCE_DIR}/configs/claims.json ATE_CLAIMS_TEXT)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/configs/claims.json)
configure_file(${PROJECT_SOURCE_DIR}/src/claims/claims.cpp.in ${ATE_CLAIMS_SOURCE} @ONLY)

# The commit can change without a new configure: asked at every build, written only when it did.
add_custom_target(ate_version
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
          -DOUT=${ATE_GENERATED_FOLDER}/version.h -P ${PROJECT_SOURCE_DIR}/cmake/Version.cmake
  BYPRODUCTS ${ATE_GENERATED_FOLDER}/version.h
  VERBATIM)
