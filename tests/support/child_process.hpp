// A program that a test starts, talks to by signals, and waits for.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/client.hpp"

namespace cubby::test {

// Environment variables: names and values.
using Variables = std::vector<std::pair<std::string, std::string>>;

// Waits take kPatience at most; then they throw std::runtime_error. A child that still runs is
// killed when the object goes, or the test does.
class ChildProcess {
 public:
  // `variables` come before those of the same name; CUBBY_* of this process are not handed on.
  explicit ChildProcess(const std::vector<std::string>& command, const Variables& variables = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  int pid() const noexcept { return pid_; }

  // Reads on until the output (standard output and error, in one) contains `text`, and returns all
  // that came so far. Throws when the program ends before.
  const std::string& wait_for_output(std::string_view text);

  void signal(int number) const;

  // True when the program has ended, or does so within `patience`.
  bool ends_within(std::chrono::milliseconds patience);

  // The exit code, or minus the number of the signal that ended the program.
  int wait();

  // Everything that the program has written. Complete after wait().
  const std::string& output() const noexcept { return output_; }

 private:
  bool read_more(std::chrono::milliseconds patience);

  int pid_ = -1;
  int pipe_ = -1;
  bool at_end_ = false;
  std::string output_;
};

// cubbyd, on a port that the system chooses, ready when constructed.
class Daemon : public ChildProcess {
 public:
  explicit Daemon(const std::vector<std::string>& options = {}, const Variables& variables = {});

  const Address& address() const noexcept { return address_; }

 private:
  Address address_;
};

// cubbyd with these arguments and nothing else.
std::vector<std::string> cubbyd(const std::vector<std::string>& arguments);

}  // namespace cubby::test
