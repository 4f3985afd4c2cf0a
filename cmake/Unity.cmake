# Unity builds: the units of a folder compiled together, so that the headers they share are read once. What the preset
# `release` does; `dev` compiles each unit by itself, which makes a change of one file faster to build.

option(ATE_UNITY "Compile the units of a folder together" OFF)

# ate_unity(TARGET ROOT SOURCES...): groups of at most `most` units below one folder of ROOT.
function(ate_unity target root)
  if(NOT ATE_UNITY)
    return()
  endif()
  set(most 8)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  foreach(source ${ARGN})
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${root} OUTPUT_VARIABLE name)
    string(REGEX REPLACE "/.*" "" folder ${name})
    math(EXPR count "0${count_${folder}} + 1")
    set(count_${folder} ${count})
    math(EXPR group "(${count} - 1) / ${most}")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${folder}${group})
  endforeach()
endfunction()
