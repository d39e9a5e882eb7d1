# Builds component folders for the host. Defines the functions that their CMakeLists.txt files call.
#
#     list(APPEND CMAKE_MODULE_PATH "...")
#     include(lucarne)
#     lucarne_component(echo path/to/folder)
#
# makes a target `echo`, a shared library for `lucarne run --component`. LUCARNE_INCLUDE_DIR is the
# folder with toit/toit.h.

# The arguments of idf_component_register that take no value, one, or several.
set(LUCARNE_FLAGS WHOLE_ARCHIVE)
set(LUCARNE_SINGLE KCONFIG KCONFIG_PROJBUILD)
set(LUCARNE_LISTS
    SRCS SRC_DIRS EXCLUDE_SRCS INCLUDE_DIRS PRIV_INCLUDE_DIRS REQUIRES PRIV_REQUIRES
    LDFRAGMENTS REQUIRED_IDF_TARGETS EMBED_FILES EMBED_TXTFILES)

# The components that a component may require: the interface itself, and those of every host.
set(LUCARNE_PRESENT toit pthread)

# Builds the component in a folder as the target NAME.
function(lucarne_component NAME FOLDER)
  set(LUCARNE_COMPONENT "${NAME}")
  get_filename_component(folder "${FOLDER}" ABSOLUTE)
  if(NOT EXISTS "${folder}/CMakeLists.txt")
    message(FATAL_ERROR "${folder} is not a component: it has no CMakeLists.txt")
  endif()
  add_subdirectory("${folder}" "${CMAKE_CURRENT_BINARY_DIR}/${NAME}")
  if(NOT TARGET "${NAME}")
    message(FATAL_ERROR "${folder}/CMakeLists.txt does not call idf_component_register")
  endif()
endfunction()

function(idf_component_register)
  cmake_parse_arguments(PARSE_ARGV 0 ARG "${LUCARNE_FLAGS}" "${LUCARNE_SINGLE}" "${LUCARNE_LISTS}")
  lucarne_expect_known("${ARG_UNPARSED_ARGUMENTS}")
  lucarne_expect_none(EMBED_FILES "${ARG_EMBED_FILES}")
  lucarne_expect_none(EMBED_TXTFILES "${ARG_EMBED_TXTFILES}")
  lucarne_expect_present("${ARG_REQUIRES};${ARG_PRIV_REQUIRES}")
  foreach(name KCONFIG KCONFIG_PROJBUILD LDFRAGMENTS REQUIRED_IDF_TARGETS)
    if(ARG_${name})
      message(STATUS "idf_component_register: ${name} has no meaning on a host, and is ignored")
    endif()
  endforeach()

  lucarne_sources(sources "${ARG_SRCS}" "${ARG_SRC_DIRS}" "${ARG_EXCLUDE_SRCS}")
  add_library("${LUCARNE_COMPONENT}" MODULE ${sources})
  # The binary that loads the component has the functions of toit.h.
  set_target_properties("${LUCARNE_COMPONENT}" PROPERTIES PREFIX "" POSITION_INDEPENDENT_CODE ON)
  target_include_directories("${LUCARNE_COMPONENT}" PRIVATE
      "${LUCARNE_INCLUDE_DIR}" ${ARG_INCLUDE_DIRS} ${ARG_PRIV_INCLUDE_DIRS})
  find_package(Threads REQUIRED)
  target_link_libraries("${LUCARNE_COMPONENT}" PRIVATE Threads::Threads)
  # The component's name in the rest of its file.
  set(COMPONENT_LIB "${LUCARNE_COMPONENT}" PARENT_SCOPE)
  set(COMPONENT_TARGET "${LUCARNE_COMPONENT}" PARENT_SCOPE)
endfunction()

function(lucarne_expect_known UNKNOWN)
  if(UNKNOWN)
    message(FATAL_ERROR "idf_component_register: there is no argument ${UNKNOWN}")
  endif()
endfunction()

function(lucarne_expect_none NAME VALUE)
  if(VALUE)
    message(FATAL_ERROR "idf_component_register: ${NAME} is not supported on a host: read the files instead")
  endif()
endfunction()

function(lucarne_expect_present REQUIRED)
  foreach(name ${REQUIRED})
    if(NOT name IN_LIST LUCARNE_PRESENT)
      message(FATAL_ERROR "idf_component_register: there is no component '${name}' on a host")
    endif()
  endforeach()
endfunction()

# The files of SRCS, and all in SRC_DIRS, without EXCLUDE_SRCS.
function(lucarne_sources RESULT SRCS SRC_DIRS EXCLUDE_SRCS)
  set(sources ${SRCS})
  foreach(folder ${SRC_DIRS})
    file(GLOB found RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" CONFIGURE_DEPENDS
        "${folder}/*.c" "${folder}/*.cc" "${folder}/*.cpp")
    list(APPEND sources ${found})
  endforeach()
  if(EXCLUDE_SRCS)
    list(REMOVE_ITEM sources ${EXCLUDE_SRCS})
  endif()
  if(NOT sources)
    message(FATAL_ERROR "idf_component_register: there are no sources")
  endif()
  set(${RESULT} ${sources} PARENT_SCOPE)
endfunction()
