# cmake --install build/release --prefix DIR: a folder that runs without the source tree and can be moved.
#
#   bin/ate              finds its libraries from its own place
#   lib/ate              LibTorch's libraries that it needs, unless LibTorch is the system's
#   share/ate            configs, and the scripts for runs and checkpoints
#   share/doc/ate        README, docs, licences
#   share/man, and the shells' folders for completions

include(GNUInstallDirs)
set(ate_private_libraries ${CMAKE_INSTALL_LIBDIR}/ate)
file(RELATIVE_PATH ate_libraries_from_bin /${CMAKE_INSTALL_BINDIR} /${ate_private_libraries})
set_target_properties(ate PROPERTIES INSTALL_RPATH "$ORIGIN/${ate_libraries_from_bin}")
if(APPLE)
  set_target_properties(ate PROPERTIES INSTALL_RPATH "@executable_path/${ate_libraries_from_bin}")
endif()

# What the loader takes from the folder of LibTorch, which of a wheel is beside NVIDIA's. Those libraries look for each
# other in their own folder. All others are the system's, and so is a LibTorch of the system.
if(ate_libtorch_root MATCHES "^/usr(/local)?$")
  install(TARGETS ate RUNTIME)
else()
  install(TARGETS ate RUNTIME_DEPENDENCY_SET ate_libraries RUNTIME)
  string(REGEX REPLACE "([][+.*()^$?|])" "\\\\\\1" ate_libtorch_pattern ${ate_site_packages})
  install(RUNTIME_DEPENDENCY_SET ate_libraries DESTINATION ${ate_private_libraries}
    PRE_EXCLUDE_REGEXES "^libcuda\\.so"  # of the driver
    POST_INCLUDE_REGEXES "^${ate_libtorch_pattern}/" POST_EXCLUDE_REGEXES ".*")
  file(GLOB ate_licence_folders ${ate_site_packages}/torch-*.dist-info/licenses
    ${ate_site_packages}/nvidia_cuda_*.dist-info/licenses)
  foreach(folder ${ate_licence_folders})
    get_filename_component(name ${folder} DIRECTORY)
    get_filename_component(name ${name} NAME_WLE)
    install(DIRECTORY ${folder}/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/licenses/${name})
  endforeach()
endif()

install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/ate/configs)
install(PROGRAMS scripts/recompute.py scripts/load_checkpoint.py scripts/torch_model.py DESTINATION ${CMAKE_INSTALL_DATADIR}/ate/scripts)
install(FILES README.md CONTRIBUTING.md CHANGELOG.md LICENSE CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)  # where Debian looks
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The program writes its manual pages and completions itself.
set(ate_written ${PROJECT_BINARY_DIR}/written)
install(CODE "
  set(ate $<TARGET_FILE:ate>)
  set(written \"${ate_written}\")"
)
install(CODE [[
  file(REMOVE_RECURSE ${written})
  file(MAKE_DIRECTORY ${written}/completions)
  execute_process(COMMAND ${ate} help --man ${written}/man COMMAND_ERROR_IS_FATAL ANY)
  foreach(shell bash zsh fish)
    execute_process(COMMAND ${ate} completions ${shell} OUTPUT_FILE ${written}/completions/ate.${shell}
                    COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
]])
install(DIRECTORY ${ate_written}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${ate_written}/completions/ate.bash RENAME ate
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${ate_written}/completions/ate.zsh RENAME _ate DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${ate_written}/completions/ate.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# cpack -G DEB in the build folder: the same as a Debian package, its dependencies found by dpkg-shlibdeps.
set(CPACK_PACKAGE_NAME ate)
set(CPACK_PACKAGE_CONTACT "The ate authors")
set(CPACK_PACKAGE_VENDOR "The ate authors")
set(CPACK_PACKAGE_DESCRIPTION "Trains paired models on corpora whose best possible loss is known, and says what the numbers can and cannot show.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_GENERATOR DEB)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Where the libraries lie that the package brings: dpkg-shlibdeps needs to find them, and no package owns them.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${ate_libtorch_root}/lib ${ate_cuda_runtime_folders})
set(CPACK_STRIP_FILES OFF)
include(CPack)
