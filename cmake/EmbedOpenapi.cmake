# Writes the source file OUTPUT, which has the bytes of the file TEXT. They are numbers and not a
# string, because compilers need not take strings over 64 KiB.

file(READ "${TEXT}" digits HEX)
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${digits}")
file(WRITE "${OUTPUT}" "#include \"protocol/openapi.hpp\"

#include <string_view>

namespace cubby::protocol {
namespace {

constexpr char kText[] = {${bytes}};

}  // namespace

std::string_view openapi_text() noexcept { return {kText, sizeof kText}; }

}  // namespace cubby::protocol
")
