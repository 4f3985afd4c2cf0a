# Makes the target ate::libtorch from any LibTorch 2.x: the PyTorch wheel (its own package file needs a CUDA
# toolkit even for a CPU build), the LibTorch archive, or a distribution's. A CPU program links libtorch_cpu and
# libc10 alone, which loads in a fraction of the time that all of LibTorch takes.
#
#   CMAKE_PREFIX_PATH  where to look first (a folder that holds include/ATen); .deps/libtorch/torch otherwise
#   ATE_CUDA           AUTO | ON | OFF: link the CUDA libraries too. AUTO means: when a toolkit and they are there.

set(ATE_CUDA AUTO CACHE STRING "Link LibTorch's CUDA libraries: AUTO, ON or OFF")
set_property(CACHE ATE_CUDA PROPERTY STRINGS AUTO ON OFF)

find_path(ATE_LIBTORCH_INCLUDE ATen/ATen.h
  HINTS ${CMAKE_PREFIX_PATH} PATHS ${PROJECT_SOURCE_DIR}/.deps/libtorch/torch PATH_SUFFIXES include)
if(NOT ATE_LIBTORCH_INCLUDE)
  message(FATAL_ERROR "LibTorch not found: run scripts/setup, or give its folder (the one that holds include/ATen) "
                      "as -DCMAKE_PREFIX_PATH=DIR")
endif()
get_filename_component(ate_libtorch_root ${ATE_LIBTORCH_INCLUDE} DIRECTORY)

function(ate_libtorch_library variable name)
  find_library(${variable} ${name} HINTS ${ate_libtorch_root}/lib NO_DEFAULT_PATH)
  mark_as_advanced(${variable})
endfunction()
ate_libtorch_library(ATE_LIBTORCH_CPU torch_cpu)
ate_libtorch_library(ATE_LIBTORCH_C10 c10)
if(NOT ATE_LIBTORCH_CPU OR NOT ATE_LIBTORCH_C10)
  message(FATAL_ERROR "${ate_libtorch_root} has LibTorch's headers but no lib/libtorch_cpu and lib/libc10")
endif()

set(ate_libtorch_version unknown)
foreach(header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
  if(ate_libtorch_version STREQUAL "unknown" AND EXISTS ${ATE_LIBTORCH_INCLUDE}/${header})
    file(STRINGS ${ATE_LIBTORCH_INCLUDE}/${header} lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
    string(REGEX MATCHALL "[0-9]+" numbers "${lines}")
    string(REPLACE ";" "." ate_libtorch_version "${numbers}")
  endif()
endforeach()

add_library(ate_libtorch INTERFACE)
add_library(ate::libtorch ALIAS ate_libtorch)
# -idirafter: the folder carries a copy of fmt that must not hide the one spdlog was made for.
target_compile_options(ate_libtorch INTERFACE
  "SHELL:-idirafter ${ATE_LIBTORCH_INCLUDE}"
  "SHELL:-idirafter ${ATE_LIBTORCH_INCLUDE}/torch/csrc/api/include")
target_compile_definitions(ate_libtorch INTERFACE ATE_LIBTORCH_VERSION="${ate_libtorch_version}")
target_link_libraries(ate_libtorch INTERFACE ${ATE_LIBTORCH_CPU} ${ATE_LIBTORCH_C10})

# libtorch_cpu of a CUDA wheel needs libcudart and libcupti to load; they lie beside it in the wheel's folder.
get_filename_component(ate_site_packages ${ate_libtorch_root} DIRECTORY)
file(GLOB ate_cuda_runtime_folders ${ate_site_packages}/nvidia/*/lib)
foreach(folder ${ate_libtorch_root}/lib ${ate_cuda_runtime_folders})
  target_link_options(ate_libtorch INTERFACE $<$<NOT:$<PLATFORM_ID:Darwin>>:-Wl,-rpath-link,${folder}>)
  list(APPEND CMAKE_BUILD_RPATH ${folder})  # what is installed looks elsewhere: Install.cmake
endforeach()

# Nothing refers to the CUDA libraries by name: loading them registers the device. A wheel's libtorch_cuda needs cuDNN,
# NCCL and more beside it, so whether a program linked with it loads is tried, not guessed.
set(ate_with_cuda OFF)
if(NOT ATE_CUDA STREQUAL "OFF")
  ate_libtorch_library(ATE_LIBTORCH_CUDA torch_cuda)
  ate_libtorch_library(ATE_LIBTORCH_C10_CUDA c10_cuda)
  find_package(CUDAToolkit QUIET)
  if(ATE_LIBTORCH_CUDA AND ATE_LIBTORCH_C10_CUDA AND CUDAToolkit_FOUND)
    set(ate_cuda_libraries -Wl,--no-as-needed ${ATE_LIBTORCH_CUDA} ${ATE_LIBTORCH_C10_CUDA} -Wl,--as-needed)
    include(CheckCXXSourceRuns)
    get_target_property(CMAKE_REQUIRED_LINK_OPTIONS ate_libtorch INTERFACE_LINK_OPTIONS)
    list(TRANSFORM CMAKE_BUILD_RPATH PREPEND "-Wl,-rpath," OUTPUT_VARIABLE ate_rpath_options)
    list(APPEND CMAKE_REQUIRED_LINK_OPTIONS ${ate_rpath_options})
    set(CMAKE_REQUIRED_LIBRARIES ${ate_cuda_libraries} ${ATE_LIBTORCH_CPU} ${ATE_LIBTORCH_C10})
    check_cxx_source_runs("int main() { return 0; }" ATE_LIBTORCH_CUDA_LOADS)
    unset(CMAKE_REQUIRED_LINK_OPTIONS)
    unset(CMAKE_REQUIRED_LIBRARIES)
  endif()
  if(ATE_LIBTORCH_CUDA_LOADS)
    set(ate_with_cuda ON)
    # The runtime too: LibTorch's headers call it in inline functions.
    target_link_libraries(ate_libtorch INTERFACE ${ate_cuda_libraries} CUDA::cudart)
    # What records a step and draws its masks on the device; all else is the same on every device.
    set_source_files_properties(src/train/step_graph.cpp src/model/stacked/masks.cpp PROPERTIES
      COMPILE_DEFINITIONS ATE_CUDA_STEPS INCLUDE_DIRECTORIES "${CUDAToolkit_INCLUDE_DIRS}")
  elseif(ATE_CUDA STREQUAL "ON")
    message(FATAL_ERROR "ATE_CUDA=ON needs a CUDA toolkit (found: ${CUDAToolkit_FOUND}), LibTorch's CUDA libraries "
                        "(found: ${ATE_LIBTORCH_CUDA}) and what those need to load (cuDNN, NCCL and more); "
                        "scripts/setup --cuda installs the libraries")
  endif()
endif()
message(STATUS "LibTorch ${ate_libtorch_version}: ${ate_libtorch_root} (CUDA: ${ate_with_cuda})")
