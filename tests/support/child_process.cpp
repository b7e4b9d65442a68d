#include "support/child_process.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cubby::test {
namespace {

constexpr std::string_view kBeforeAddress = "listening on http://";

// A name that is there twice has the first value.
std::vector<std::string> environment_with(const Variables& variables) {
  std::vector<std::string> result;
  for (const auto& [name, value] : variables) result.emplace_back(name).append("=").append(value);
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("CUBBY_")) result.emplace_back(*variable);
  }
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, const Variables& variables) {
  auto arguments = command;
  auto environment = environment_with(variables);
  const auto argument_pointers = pointers_to(arguments);
  const auto environment_pointers = pointers_to(environment);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::system_category(), "pipe");
  }
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
  if (pid_ < 0) {
    ::close(pipe_);
    throw std::system_error(errno, std::system_category(), "fork");
  }
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(pipe_);
}

const std::string& ChildProcess::wait_for_output(std::string_view text) {
  while (output_.find(text) == std::string::npos) {
    if (at_end_) throw std::runtime_error("the program ended, after:\n" + output_);
    if (!read_more(kPatience)) throw std::runtime_error("no output, after:\n" + output_);
  }
  return output_;
}

void ChildProcess::signal(int number) const { ::kill(pid_, number); }

bool ChildProcess::ends_within(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!at_end_) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() < 0 || !read_more(left)) break;
  }
  return at_end_;
}

int ChildProcess::wait() {
  if (!ends_within(kPatience)) throw std::runtime_error("still running, after:\n" + output_);
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// False when nothing came.
bool ChildProcess::read_more(std::chrono::milliseconds patience) {
  pollfd entry{pipe_, POLLIN, 0};
  if (::poll(&entry, 1, static_cast<int>(patience.count())) <= 0) return false;
  std::array<char, 4096> block;
  const ssize_t got = ::read(pipe_, block.data(), block.size());
  if (got > 0) output_.append(block.data(), static_cast<std::size_t>(got));
  at_end_ = got <= 0;
  return true;
}

Daemon::Daemon(const std::vector<std::string>& options, const Variables& variables)
    : ChildProcess(
          [&] {
            std::vector<std::string> arguments{"--port", "0"};
            arguments.insert(arguments.end(), options.begin(), options.end());
            return cubbyd(arguments);
          }(),
          variables) {
  wait_for_output("\n");
  const auto begin = output().find(kBeforeAddress);
  if (begin == std::string::npos) throw std::runtime_error("no start line in:\n" + output());
  const auto rest = std::string_view(output()).substr(begin + kBeforeAddress.size());
  address_ = parse_address(rest.substr(0, rest.find(' ')));
}

std::vector<std::string> cubbyd(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{CUBBYD_PATH};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace cubby::test
