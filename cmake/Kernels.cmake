# The kernels in src/kernels/cpu/operations, compiled once for each instruction set; src/kernels/cpu/dispatch.cpp
# chooses one at run time. Makes the list ate_kernel_objects.

file(GLOB ate_kernel_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/kernels/cpu/operations/*.cpp)
set(ate_kernel_objects "")
function(ate_add_kernels name)
  add_library(ate_kernels_${name} OBJECT ${ate_kernel_sources})
  target_include_directories(ate_kernels_${name} PRIVATE src)
  target_compile_definitions(ate_kernels_${name} PRIVATE ATE_INSTRUCTIONS=${name})
  # Multiply-add where the processor has it. The vector type is wider than some of the instruction sets: the compiler
  # splits it, and notes that such arguments are passed otherwise, which matters to no one, as all is inlined.
  target_compile_options(ate_kernels_${name} PRIVATE
    -ffp-contract=fast -fno-math-errno -fno-trapping-math -Wno-psabi ${ARGN})
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(ate_kernels_${name} PRIVATE -O3)
  endif()
  set(ate_kernel_objects ${ate_kernel_objects} $<TARGET_OBJECTS:ate_kernels_${name}> PARENT_SCOPE)
endfunction()

ate_add_kernels(portable)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64" AND CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" AND NOT ATE_FUZZ)
  ate_add_kernels(avx2 -march=x86-64-v3)
  ate_add_kernels(avx512 -march=x86-64-v4 -mprefer-vector-width=512)
  set_source_files_properties(src/kernels/cpu/dispatch.cpp PROPERTIES COMPILE_DEFINITIONS ATE_X86_KERNELS)
endif()
