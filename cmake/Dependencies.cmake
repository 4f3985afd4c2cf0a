# The header-only libraries, from the system, or from one folder of headers for machines without a network:
#   ATE_HEADERS=DIR    a folder that holds CLI/, nlohmann/, spdlog/, fmt/, catch2/, boost/, Random123/, xxhash.h
# docs/dependencies.md says why each is here.

set(ATE_HEADERS "" CACHE PATH "A folder with the headers of all dependencies, instead of the system's")

find_package(Threads REQUIRED)
add_library(ate_headers INTERFACE)
add_library(ate::headers ALIAS ate_headers)
target_link_libraries(ate_headers INTERFACE Threads::Threads)

set(ate_header_packages "CLI/CLI.hpp=libcli11-dev" "nlohmann/json.hpp=nlohmann-json3-dev" "spdlog/spdlog.h=libspdlog-dev"
  "boost/math/distributions/students_t.hpp=libboost-dev" "Random123/philox.h=librandom123-dev" "xxhash.h=libxxhash-dev")
foreach(pair ${ate_header_packages})
  string(REPLACE "=" ";" pair ${pair})
  list(GET pair 0 header)
  list(GET pair 1 package)
  string(MAKE_C_IDENTIFIER "ATE_HEADER_${header}" variable)
  find_path(${variable} ${header} HINTS ${ATE_HEADERS})
  mark_as_advanced(${variable})
  if(NOT ${variable})
    message(FATAL_ERROR "<${header}> not found: run scripts/setup (Debian package ${package}), or give a folder of "
                        "headers as -DATE_HEADERS=DIR")
  endif()
  if(NOT ${variable} MATCHES "^/usr/(local/)?include$")
    target_include_directories(ate_headers SYSTEM INTERFACE ${${variable}})
  endif()
endforeach()

# fmt comes with spdlog: as a library of its own (Debian), or inside spdlog's folder.
find_package(fmt QUIET)
if(fmt_FOUND AND NOT ATE_HEADERS)
  target_compile_definitions(ate_headers INTERFACE SPDLOG_FMT_EXTERNAL)
  target_link_libraries(ate_headers INTERFACE fmt::fmt)
else()
  target_compile_definitions(ate_headers INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
endif()

# SentencePiece is optional: without it a config that asks for it is refused, with the package's name.
set(ATE_SENTENCEPIECE AUTO CACHE STRING "Read text with SentencePiece models: AUTO, ON or OFF")
set_property(CACHE ATE_SENTENCEPIECE PROPERTY STRINGS AUTO ON OFF)
if(NOT ATE_SENTENCEPIECE STREQUAL "OFF")
  find_path(ATE_SENTENCEPIECE_INCLUDE sentencepiece_processor.h)
  find_library(ATE_SENTENCEPIECE_LIBRARY sentencepiece)
  mark_as_advanced(ATE_SENTENCEPIECE_INCLUDE ATE_SENTENCEPIECE_LIBRARY)
endif()
set(ate_with_sentencepiece OFF)
if(NOT ATE_SENTENCEPIECE STREQUAL "OFF" AND ATE_SENTENCEPIECE_INCLUDE AND ATE_SENTENCEPIECE_LIBRARY)
  set(ate_with_sentencepiece ON)
elseif(ATE_SENTENCEPIECE STREQUAL "ON")
  message(FATAL_ERROR "ATE_SENTENCEPIECE=ON, but <sentencepiece_processor.h> or its library is not found: install "
                      "the Debian package libsentencepiece-dev (scripts/setup does)")
endif()
message(STATUS "SentencePiece: ${ate_with_sentencepiece}")

# oneDNN is optional: without it the fused kernels take their matrix products from LibTorch, some 10 % slower.
set(ATE_ONEDNN AUTO CACHE STRING "Matrix products of the fused kernels by oneDNN: AUTO, ON or OFF")
set_property(CACHE ATE_ONEDNN PROPERTY STRINGS AUTO ON OFF)
if(NOT ATE_ONEDNN STREQUAL "OFF")
  find_path(ATE_ONEDNN_INCLUDE oneapi/dnnl/dnnl.hpp)
  find_library(ATE_ONEDNN_LIBRARY dnnl)
  mark_as_advanced(ATE_ONEDNN_INCLUDE ATE_ONEDNN_LIBRARY)
endif()
set(ate_with_onednn OFF)
if(NOT ATE_ONEDNN STREQUAL "OFF" AND ATE_ONEDNN_INCLUDE AND ATE_ONEDNN_LIBRARY)
  set(ate_with_onednn ON)
elseif(ATE_ONEDNN STREQUAL "ON")
  message(FATAL_ERROR "ATE_ONEDNN=ON, but <oneapi/dnnl/dnnl.hpp> or its library is not found: install the Debian "
                      "package libdnnl-dev (scripts/setup does)")
endif()
message(STATUS "oneDNN: ${ate_with_onednn}")
