# tickbird_module(name SRCS a.cc ... DEPS tickbird_base ... [PRIVATE_DEPS re2 ...])
#
# A library of one folder. DEPS are what its headers show, PRIVATE_DEPS what only its sources use.
# What is not in these lists cannot be linked; tests/structure checks the includes against the same direction.
function(tickbird_module name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SRCS})
  target_link_libraries(${name} PUBLIC tickbird_flags ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
endfunction()

# tickbird_test(name LABEL unit|conformance|integration SRCS a_test.cc ... DEPS tickbird_x ...)
#
# One GoogleTest binary and one ctest entry. It runs in the source tree, so tests name their data by
# paths relative to the repository root.
function(tickbird_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE tickbird_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  # Optimising the tests themselves would cost a third of a clean build and tell nothing. (Sanitizers need it for speed.)
  if(NOT TICKBIRD_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT 300)
endfunction()

# tickbird_fuzz(name tickbird_x): the libFuzzer target tests/fuzz/<name>/<name>_fuzz.cc over a module that is instrumented too,
# because the fuzzer is led by what the code under test covers. Built with -DTICKBIRD_FUZZ=ON (./dev fuzz does it).
function(tickbird_fuzz name module)
  if(NOT TICKBIRD_FUZZ)
    return()
  endif()
  add_executable(${name}_fuzz ${name}_fuzz.cc)
  set_target_properties(${name}_fuzz PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_compile_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name}_fuzz PRIVATE ${module})
  target_compile_options(${module} PRIVATE -fsanitize=fuzzer-no-link)
endfunction()

# tickbird_bench(name tickbird_x): a program of tests/bench that measures one module and prints a table; ./dev bench runs it.
function(tickbird_bench name module)
  add_executable(${name} EXCLUDE_FROM_ALL ${name}.cc)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
  target_link_libraries(${name} PRIVATE ${module})
endfunction()
