# The targets lucarne::lucarne (shared) and lucarne::static for hosts, and the functions of
# lucarne.cmake, which build components. LUCARNE_INCLUDE_DIR is the folder with toit/toit.h and
# lucarne/lucarne.h.

include(CMakeFindDependencyMacro)
find_dependency(Threads)

# The folder may be reached by a link, such as /lib.
get_filename_component(lucarne_here "${CMAKE_CURRENT_LIST_DIR}" REALPATH)
get_filename_component(lucarne_prefix "${lucarne_here}/../../.." ABSOLUTE)
set(LUCARNE_INCLUDE_DIR "${lucarne_prefix}/include")

if(NOT TARGET lucarne::lucarne)
  add_library(lucarne::lucarne SHARED IMPORTED)
  set_target_properties(lucarne::lucarne PROPERTIES
      IMPORTED_LOCATION "${lucarne_prefix}/lib/liblucarne.so.@VERSION@"
      IMPORTED_SONAME "@SONAME@"
      INTERFACE_INCLUDE_DIRECTORIES "${LUCARNE_INCLUDE_DIR}")

  add_library(lucarne::static STATIC IMPORTED)
  # Components that the host loads need the exports.
  set_target_properties(lucarne::static PROPERTIES
      IMPORTED_LOCATION "${lucarne_prefix}/lib/liblucarne.a"
      INTERFACE_INCLUDE_DIRECTORIES "${LUCARNE_INCLUDE_DIR}"
      INTERFACE_LINK_LIBRARIES "Threads::Threads;@NATIVE_NAMES@"
      INTERFACE_LINK_OPTIONS "@EXPORT_OPTIONS@")
endif()

include("${CMAKE_CURRENT_LIST_DIR}/lucarne.cmake")
