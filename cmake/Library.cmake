# find_package(ate): the parts that need no LibTorch as a library for other programs, docs/library.md.
#
#   ATE_LIBRARY  ON: build it, and install it with its headers (component `library`)

option(ATE_LIBRARY "Build and install sources, statistics and kernels as a library" OFF)
if(NOT ATE_LIBRARY)
  return()
endif()

# What its headers say, and the headers that those include.
set(ate_library_headers data/source.h data/corpus.h data/law.h study/statistics.h study/anytime.h
  kernels/cpu/kernels.h kernels/cpu/bf16.h config/config.h config/arm.h config/kind.h config/kind_settings.h
  config/kinds.h config/seeds.h support/error.h)
file(GLOB ate_library_sources CONFIGURE_DEPENDS src/data/*.cpp)
list(APPEND ate_library_sources src/study/statistics.cpp src/study/power.cpp src/study/sign_flip.cpp
  src/study/anytime.cpp src/kernels/cpu/dispatch.cpp src/support/error.cpp src/support/names.cpp src/support/hash.cpp)

# Compiled once more, without LibTorch's headers in reach and without optional libraries.
add_library(ate_library STATIC ${ate_library_sources} ${ate_kernel_objects})
add_library(ate::ate ALIAS ate_library)
set_target_properties(ate_library PROPERTIES OUTPUT_NAME ate EXPORT_NAME ate)
target_compile_features(ate_library PUBLIC cxx_std_20)
target_compile_definitions(ate_library PRIVATE $<TARGET_PROPERTY:ate_headers,INTERFACE_COMPILE_DEFINITIONS> FMT_HEADER_ONLY)
target_include_directories(ate_library
  PRIVATE $<TARGET_PROPERTY:ate_headers,INTERFACE_INCLUDE_DIRECTORIES>
  PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/ate>)

foreach(header ${ate_library_headers})
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES src/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ate/${folder} COMPONENT library)
endforeach()
install(TARGETS ate_library EXPORT ate ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
install(EXPORT ate NAMESPACE ate:: FILE ate-config.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ate
  COMPONENT library)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ate-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ate-config-version.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ate
  COMPONENT library)
