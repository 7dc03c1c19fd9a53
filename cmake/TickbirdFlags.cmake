# The compiler and linker flags of every target of ours, as one INTERFACE target.
add_library(tickbird_flags INTERFACE)
target_include_directories(tickbird_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(tickbird_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough
  -ffunction-sections -fdata-sections
  # The same objects from any checkout: ccache hits, and no path of a build machine in the binary.
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Clang 19 knows that a temporary aggregate misses members that GCC 12 also accepts in silence.
  target_compile_options(tickbird_flags INTERFACE -Wthread-safety -Wno-missing-field-initializers
    -Wno-missing-designated-field-initializers)
else()
  target_compile_options(tickbird_flags INTERFACE -Wno-missing-field-initializers)
endif()
if(TICKBIRD_WERROR)
  target_compile_options(tickbird_flags INTERFACE -Werror)
endif()
target_link_options(tickbird_flags INTERFACE -Wl,--gc-sections -Wl,--as-needed)

find_program(TICKBIRD_LLD ld.lld-19)
if(TICKBIRD_LLD AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_link_options(tickbird_flags INTERFACE --ld-path=${TICKBIRD_LLD})
  if(NOT TICKBIRD_SANITIZE)
    # Smaller: functions of equal code whose address nobody takes become one, and relocations are packed (glibc 2.36).
    target_link_options(tickbird_flags INTERFACE -Wl,--icf=safe -Wl,-z,pack-relative-relocs)
  endif()
endif()

if(TICKBIRD_SANITIZE)
  set(sanitize -fsanitize=${TICKBIRD_SANITIZE} -fno-omit-frame-pointer)
  if(TICKBIRD_SANITIZE MATCHES "undefined")
    list(APPEND sanitize -fno-sanitize-recover=undefined)
  endif()
  # Third-party code compiled into ours (Boost's separate compilation) must carry it too.
  add_compile_options(${sanitize})
  add_link_options(${sanitize})
endif()

find_program(TICKBIRD_CCACHE ccache)
if(TICKBIRD_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${TICKBIRD_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TICKBIRD_CCACHE})
endif()
