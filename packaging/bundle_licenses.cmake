# Puts the copyright file of each Debian package that bundled libraries come from beside them, as
# their licences ask.

set(root "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
file(GLOB bundled RELATIVE "${root}/${bundle_folder}" "${root}/${bundle_folder}/*.so*")
list(FILTER bundled EXCLUDE REGEX "^libonnxruntime")
list(TRANSFORM bundled PREPEND "*/" OUTPUT_VARIABLE patterns)
execute_process(COMMAND dpkg-query --search ${patterns} OUTPUT_VARIABLE found ERROR_QUIET)
foreach(library ${bundled})
  string(REPLACE "." "\\." name "${library}")
  string(REPLACE "+" "\\+" name "${name}")
  string(REGEX MATCH "(^|\n)([^:,\n]+)[^\n]*/${name}(\n|$)" line "${found}")
  set(owner "${CMAKE_MATCH_2}")
  if(NOT line OR NOT EXISTS "/usr/share/doc/${owner}/copyright")
    message(FATAL_ERROR "the licence of ${library} is not known: no Debian package owns it")
  endif()
  list(APPEND owners "${owner}")
endforeach()
list(REMOVE_DUPLICATES owners)
foreach(owner ${owners})
  file(INSTALL "/usr/share/doc/${owner}/copyright" DESTINATION "${root}/${licence_folder}/${owner}"
       FOLLOW_SYMLINK_CHAIN)
endforeach()
