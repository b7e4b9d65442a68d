#include "app/cgroup.hpp"

#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include "app/values.hpp"

namespace cubby::app {
namespace {

// A hierarchy of groups that is mounted somewhere: the one of version 2, or a version 1 controller.
struct Mount {
  std::string top;    // the group that the mount shows at its top
  std::string point;  // where
  bool version2 = false;
};

// A group's directory, and which version's files are in it.
struct Group {
  std::string directory;
  bool version2 = false;
};

// `path` is absolute; operator/ would forget the root.
std::filesystem::path below(const std::filesystem::path& root, const std::string& path) {
  return root / std::filesystem::path(path).relative_path();
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string first_word(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string word;
  stream >> word;
  return word;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
  for (const std::string& each : list) {
    if (each == word) return true;
  }
  return false;
}

// mountinfo writes a space as \040, and likewise tab, newline and backslash.
std::string unescape(std::string_view text) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
        octal(text[i + 3])) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                  (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

// A line of mountinfo, proc(5): "36 35 98:0 TOP POINT OPTIONS [FIELD...] - TYPE SOURCE
// SUPEROPTIONS".
std::optional<Mount> parse_mount(const std::string& line, std::string_view controller) {
  const std::vector<std::string> fields = split(line, ' ');
  std::size_t dash = 6;
  while (dash < fields.size() && fields[dash] != "-") ++dash;
  if (dash + 3 >= fields.size()) return std::nullopt;
  const std::string& type = fields[dash + 1];
  const bool version2 = type == "cgroup2";
  const bool version1 = type == "cgroup" && contains(split(fields[dash + 3], ','), controller);
  if (!version1 && !version2) return std::nullopt;
  return Mount{unescape(fields[3]), unescape(fields[4]), version2};
}

// The process's own group in the hierarchy that `mount` shows, as /proc/self/cgroup names it:
// "0::/GROUP" for version 2, "4:memory:/GROUP" for a controller of version 1.
std::optional<std::string> own_group(const std::vector<std::string>& memberships,
                                     const Mount& mount, std::string_view controller) {
  for (const std::string& line : memberships) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (mount.version2 ? controllers.empty() : contains(split(controllers, ','), controller)) {
      return line.substr(second + 1);
    }
  }
  return std::nullopt;
}

// The way from the mount's top down to `group`: "" or "/a/b". A group that the mount does not show
// (a container that sees its host's names) counts as the top itself, which is then the container.
// Where the mounts are older than the process's cgroup namespace the top is "/..", and the names on
// the way down cannot be had; then too only the top is looked at.
std::string below_top(const std::string& group, const std::string& top) {
  const std::string prefix = top == "/" ? "" : top;
  if (!group.starts_with(prefix)) return "";
  std::string rest = group.substr(prefix.size());
  if (rest.empty() || rest == "/" || rest[0] != '/') return "";
  if (contains(split(rest, '/'), "..")) return "";
  return rest;
}

// The process's own groups and all above them, in every hierarchy that may limit `controller`.
std::vector<Group> groups_of(const std::filesystem::path& root, std::string_view controller) {
  const std::vector<std::string> memberships = lines_of(below(root, "/proc/self/cgroup"));
  std::vector<Group> groups;
  for (const std::string& line : lines_of(below(root, "/proc/self/mountinfo"))) {
    const std::optional<Mount> mount = parse_mount(line, controller);
    if (!mount) continue;
    const std::optional<std::string> group = own_group(memberships, *mount, controller);
    if (!group) continue;
    std::string rest = below_top(*group, mount->top);
    while (!rest.empty()) {
      groups.push_back({mount->point + rest, mount->version2});
      rest.erase(rest.rfind('/'));
    }
    groups.push_back({mount->point, mount->version2});
  }
  return groups;
}

std::optional<double> version2_quota(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string quota;
  std::string period;
  stream >> quota >> period;
  const std::optional<std::uint64_t> used = parse_number(quota);
  const std::optional<std::uint64_t> of = parse_number(period);
  if (!used || !of || *used == 0 || *of == 0) return std::nullopt;
  return static_cast<double>(*used) / static_cast<double>(*of);
}

// An unlimited quota is written as -1, and by some systems as 0.
std::optional<double> version1_quota(const std::filesystem::path& quota_file,
                                     const std::filesystem::path& period_file) {
  const std::optional<std::uint64_t> used = parse_number(first_word(quota_file));
  const std::optional<std::uint64_t> of = parse_number(first_word(period_file));
  if (!used || !of || *used == 0 || *of == 0) return std::nullopt;
  return static_cast<double>(*used) / static_cast<double>(*of);
}

}  // namespace

std::optional<CgroupMemory> cgroup_memory_limit(const std::filesystem::path& root) {
  std::optional<CgroupMemory> smallest;
  for (const Group& group : groups_of(root, "memory")) {
    const std::string file =
        group.directory + (group.version2 ? "/memory.max" : "/memory.limit_in_bytes");
    const std::optional<std::uint64_t> bytes = parse_number(first_word(below(root, file)));
    if (bytes && (!smallest || *bytes < smallest->bytes)) smallest = CgroupMemory{*bytes, file};
  }
  return smallest;
}

std::optional<CgroupCpu> cgroup_cpu_quota(const std::filesystem::path& root) {
  std::optional<CgroupCpu> smallest;
  for (const Group& group : groups_of(root, "cpu")) {
    const std::string file = group.directory + (group.version2 ? "/cpu.max" : "/cpu.cfs_quota_us");
    const std::optional<double> cpus =
        group.version2 ? version2_quota(below(root, file))
                       : version1_quota(below(root, file),
                                        below(root, group.directory + "/cpu.cfs_period_us"));
    if (cpus && (!smallest || *cpus < smallest->cpus)) smallest = CgroupCpu{*cpus, file};
  }
  return smallest;
}

}  // namespace cubby::app
