#include "protocol/problem.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "protocol/route.hpp"

namespace cubby::protocol {
namespace {

void append_title(std::string& output, std::string_view name) {
  const std::size_t begin = output.size();
  output.append(name);
  std::replace(output.begin() + static_cast<std::ptrdiff_t>(begin), output.end(), '-', ' ');
  // A name is of lower-case letters and hyphens.
  output[begin] = static_cast<char>(output[begin] - 'a' + 'A');
}

}  // namespace

void append_detail(std::string& output, Error error, const Limits& limits) {
  append_message(output, error, limits);
  if (error != Error::unknown_path) return;
  output.append(" There are: ").append(describe_routes()).append(".");
}

void append_problem_members(std::string& output, Error error, const Limits& limits) {
  const std::string_view name = name_of(error);
  output.append(R"("type":"urn:cubby:error:)").append(name);
  output.append(R"(","title":")");
  append_title(output, name);
  output.append(R"(","status":)").append(std::to_string(status_of(error)));
  output.append(R"(,"detail":")");
  append_detail(output, error, limits);
  output.append("\"");
}

}  // namespace cubby::protocol
