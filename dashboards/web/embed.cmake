# cmake -DOUTPUT=assets_data.cc -DSOURCE=<folder> -P embed.cmake
#
# Writes the files of the page, plain and compressed, as string literals. `gzip -n` leaves out name and time: the same
# sources give the same bytes.
set(files
  "/|index.html|text/html"
  "/app.js|app.js|text/javascript"
  "/style.css|style.css|text/css")

function(literal file out)
  file(READ ${file} hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${hex}")
  set(${out} "std::string_view(\"${escaped}\", ${size})" PARENT_SCOPE)
endfunction()

set(entries "")
foreach(entry IN LISTS files)
  string(REPLACE "|" ";" parts "${entry}")
  list(GET parts 0 path)
  list(GET parts 1 name)
  list(GET parts 2 type)
  execute_process(COMMAND gzip -9nc ${SOURCE}/${name} OUTPUT_FILE ${OUTPUT}.gz COMMAND_ERROR_IS_FATAL ANY)
  file(SHA256 ${SOURCE}/${name} hash)
  string(SUBSTRING ${hash} 0 16 etag)
  literal(${SOURCE}/${name} plain)
  literal(${OUTPUT}.gz packed)
  string(APPEND entries "    {\"${path}\", \"${type}; charset=utf-8\",\n     ${plain},\n     ${packed},\n     \"${etag}\"},\n")
endforeach()
file(REMOVE ${OUTPUT}.gz)

file(WRITE ${OUTPUT} "// Written by embed.cmake.
#include \"dashboards/web/assets.h\"

namespace tickbird::dashboards {

std::span<const Asset> Assets() {
  static constexpr Asset kAssets[] = {
${entries}  };
  return kAssets;
}

}  // namespace tickbird::dashboards
")
