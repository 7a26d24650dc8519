# SPDX-License-Identifier: Apache-2.0
# muster_add_connector(NAME SOURCES file... [DIRECTORY folder])
#
# Builds a connector: a shared object that holds one structure of constants and nothing else, NAME.so without "lib" before it,
# in ${CMAKE_BINARY_DIR}/connectors/ or the folder that is named. The flags are a connector's own. Nothing of the surrounding
# build reaches it: no CMAKE_C_FLAGS, no directory's options, no sanitizer, no coverage, because all of these add
# constructors or imports, and the host refuses a file that has one.
include_guard(GLOBAL)

# Compiling: constants only, one visible symbol (connector.h marks it), no notes, no unwind tables. A member that is left out
# is what a declaration is made of: no warning.
set(compile_options
    -std=gnu17 -O1 -fPIC -fvisibility=hidden -fno-common -fno-asynchronous-unwind-tables -fno-unwind-tables
    -fno-stack-protector -fno-sanitize=all -fno-lto -Wall -Wextra -Wno-missing-field-initializers -Werror=implicit
    -Werror=int-conversion -Werror=incompatible-pointer-types)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i[3-6]86)$")
    list(APPEND compile_options -fcf-protection=none)
endif()
# In the cache, because a function sees the variables of its caller's folder, not of this one.
set(MUSTER_CONNECTOR_COMPILE_OPTIONS ${compile_options} CACHE INTERNAL "how a connector is compiled")

# Linking: no start files, no libraries, a stack that is not executable, nothing that asks the loader for more than to map.
set(MUSTER_CONNECTOR_LINK_OPTIONS
    -nostdlib -shared -Wl,-z,noexecstack -Wl,-z,norelro -Wl,-z,nopack-relative-relocs -Wl,-z,separate-code
    -Wl,--build-id=none -Wl,--hash-style=both -Wl,--no-undefined -Wl,--as-needed
    CACHE INTERNAL "how a connector is linked")

# Where connector.h is: beside this file in the source tree, or where the package installed it.
get_filename_component(include_directory "${CMAKE_CURRENT_LIST_DIR}/../include" ABSOLUTE)
if(NOT EXISTS "${include_directory}/muster/connector.h" AND TARGET Muster::connector_api)
    get_target_property(include_directory Muster::connector_api INTERFACE_INCLUDE_DIRECTORIES)
endif()
set(MUSTER_CONNECTOR_INCLUDE_DIR "${include_directory}" CACHE INTERNAL "where muster/connector.h is")

function(muster_add_connector name)
    cmake_parse_arguments(CONNECTOR "" "DIRECTORY" "SOURCES" ${ARGN})
    if(NOT CONNECTOR_SOURCES OR CONNECTOR_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "muster_add_connector(NAME SOURCES file...): ${name} has no SOURCES, or something beside them")
    endif()
    set(directory "${CMAKE_BINARY_DIR}/connectors")
    if(CONNECTOR_DIRECTORY)
        set(directory "${CONNECTOR_DIRECTORY}")
    endif()
    set(output "${directory}/${name}.so")
    set(objects)
    foreach(source ${CONNECTOR_SOURCES})
        get_filename_component(path "${source}" ABSOLUTE)
        get_filename_component(file "${source}" NAME_WE)
        set(object "${CMAKE_CURRENT_BINARY_DIR}/${name}.connector/${file}.o")
        # A command of its own rather than a library target: a target would inherit the build's flags.
        add_custom_command(OUTPUT "${object}"
            COMMAND ${CMAKE_COMMAND} -E make_directory "${CMAKE_CURRENT_BINARY_DIR}/${name}.connector"
            COMMAND ${CMAKE_C_COMPILER} ${MUSTER_CONNECTOR_COMPILE_OPTIONS}
                    -I "${MUSTER_CONNECTOR_INCLUDE_DIR}" -MD -MF "${object}.d" -c "${path}" -o "${object}"
            DEPENDS "${path}" DEPFILE "${object}.d"
            COMMENT "Compiling connector ${name}: ${file}" VERBATIM COMMAND_EXPAND_LISTS)
        list(APPEND objects "${object}")
    endforeach()
    add_custom_command(OUTPUT "${output}"
        COMMAND ${CMAKE_COMMAND} -E make_directory "${directory}"
        COMMAND ${CMAKE_C_COMPILER} ${MUSTER_CONNECTOR_LINK_OPTIONS} ${objects} -o "${output}.new"
        # The host refuses a file that others may write to, and a umask may let them.
        COMMAND chmod 0644 "${output}.new"
        COMMAND ${CMAKE_COMMAND} -E rename "${output}.new" "${output}"
        DEPENDS ${objects}
        COMMENT "Linking connector ${name}.so" VERBATIM COMMAND_EXPAND_LISTS)
    add_custom_target(connector_${name} ALL DEPENDS "${output}")
    set_target_properties(connector_${name} PROPERTIES MUSTER_CONNECTOR_FILE "${output}")
endfunction()
