# The manual page and the completions of shells, which the program itself prints, and where they are
# looked for.

if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  message(STATUS "No manual page and no completions: the program cannot run here")
  return()
endif()

set(printed_folder "${PROJECT_BINARY_DIR}/printed")
file(MAKE_DIRECTORY "${printed_folder}")

# print_and_install(FILE <name> WORDS <word>... FOLDERS <folder>...): what `rangefinder WORDS` prints.
function(print_and_install)
  cmake_parse_arguments(PRINT "" "FILE" "WORDS;FOLDERS" ${ARGN})
  add_custom_command(OUTPUT "${printed_folder}/${PRINT_FILE}"
                     COMMAND rangefinder ${PRINT_WORDS} > "${printed_folder}/${PRINT_FILE}"
                     DEPENDS rangefinder VERBATIM)
  set_property(GLOBAL APPEND PROPERTY RANGEFINDER_PRINTED "${printed_folder}/${PRINT_FILE}")
  foreach(folder ${PRINT_FOLDERS})
    install(FILES "${printed_folder}/${PRINT_FILE}" DESTINATION "${folder}" COMPONENT runtime)
  endforeach()
endfunction()

print_and_install(FILE rangefinder.1 WORDS help --man FOLDERS "${CMAKE_INSTALL_MANDIR}/man1")
print_and_install(FILE rangefinder WORDS completion bash
                  FOLDERS "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
# Debian's zsh looks into the second folder, others' into the first.
print_and_install(FILE _rangefinder WORDS completion zsh
                  FOLDERS "${CMAKE_INSTALL_DATADIR}/zsh/site-functions"
                          "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
print_and_install(FILE rangefinder.fish WORDS completion fish
                  FOLDERS "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")

get_property(printed GLOBAL PROPERTY RANGEFINDER_PRINTED)
add_custom_target(rangefinder_printed ALL DEPENDS ${printed})
