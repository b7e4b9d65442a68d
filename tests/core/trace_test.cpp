// Miss counts on public traces against those of an independent simulator (libCacheSim). The traces
// are not part of the project: where CUBBY_TRACE_DIR does not name a directory that has them, these
// tests are skipped.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

struct Request {
  std::string key;
  std::size_t bytes;  // 1 where the trace has no sizes
};

// "KEY" or "KEY BYTES" a line, compressed by gzip. A key's size is the last that the trace gives
// it.
std::vector<Request> read_trace(const std::string& name) {
  const char* directory = std::getenv("CUBBY_TRACE_DIR");
  if (directory == nullptr) return {};
  const std::string command = "gzip -dc '" + std::string(directory) + "/" + name + "' 2>/dev/null";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(::popen(command.c_str(), "r"),
                                                             ::pclose);
  std::vector<Request> requests;
  char line[256];
  while (file != nullptr && std::fgets(line, sizeof line, file.get()) != nullptr) {
    char key[256];
    unsigned long long bytes = 1;
    if (std::sscanf(line, "%255s %llu", key, &bytes) >= 1) requests.push_back({key, bytes});
  }
  std::unordered_map<std::string_view, std::size_t> last;
  for (const Request& r : requests) last[r.key] = r.bytes;
  for (Request& r : requests) r.bytes = last[r.key];
  return requests;
}

class TraceTest : public CacheFixture {
 protected:
  bool Load(const std::string& name) {
    requests_ = read_trace(name);
    return !requests_.empty();
  }

  // Gets each key of the trace, and puts it when it is not there.
  std::size_t CountMisses() {
    std::size_t misses = 0;
    for (const Request& request : requests_) {
      if (Get(request.key)) continue;
      ++misses;
      Put(request.key, "");
    }
    return misses;
  }

  double HitRatioPercent() {
    const std::size_t misses = CountMisses();
    const auto all = static_cast<double>(requests_.size());
    return 100 * (all - static_cast<double>(misses)) / all;
  }

  std::vector<Request> requests_;
  // The cache asks for charges as long as it lives, so this outlives the test's body.
  std::unordered_map<std::string_view, std::size_t> bytes_;
};

TEST_F(TraceTest, OneShardMatchesTheSimulatorByEntryCount) {
  if (!Load("cloudPhysicsIO.txt.gz"))
    GTEST_SKIP() << "CUBBY_TRACE_DIR has no cloudPhysicsIO.txt.gz";
  const std::size_t expected[] = {99411, 96397, 95652, 95370, 95182, 94997, 94891, 94816};
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    MakeExact(128 * (i + 1));
    EXPECT_EQ(CountMisses(), expected[i]) << 128 * (i + 1) << " entries";
  }
}

TEST_F(TraceTest, OneShardMatchesTheSimulatorByBytes) {
  if (!Load("cloudPhysicsIO.txt.gz"))
    GTEST_SKIP() << "CUBBY_TRACE_DIR has no cloudPhysicsIO.txt.gz";
  for (const Request& r : requests_) bytes_[r.key] = r.bytes;
  const std::size_t expected[] = {93374, 89783, 83572, 81722, 72494, 72104, 71972, 71704};
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    Make({.max_memory_bytes = 128 * kMiB * (i + 1),
          .shards = 1,
          .charge = [this](std::string_view key, std::size_t) { return bytes_.at(key); }});
    EXPECT_EQ(CountMisses(), expected[i]) << 128 * (i + 1) << " MiB";
  }
}

// 64 shards with a dozen and more entries each, against one list for all.
TEST_F(TraceTest, ManyShardsAreWithinATenthOfAPointOfOne) {
  const struct {
    const char* name;
    std::size_t entries;
  } cases[] = {{"c2k_web07.txt.gz", 2048},         {"c2k_web12.txt.gz", 1376},
               {"c2k_web07.txt.gz", 12 * 64},      {"c2k_web12.txt.gz", 12 * 64},
               {"cloudPhysicsIO.txt.gz", 12 * 64}, {"cloudPhysicsIO.txt.gz", 4096}};
  for (const auto& [name, entries] : cases) {
    if (!Load(name)) GTEST_SKIP() << "CUBBY_TRACE_DIR has no " << name;
    MakeExact(entries);
    const double one = HitRatioPercent();
    Make({.max_memory_bytes = entries, .shards = 64, .hash_seed = 1, .charge = unit_charge()});
    const double many = HitRatioPercent();
    EXPECT_NEAR(many, one, 0.1) << name << " with " << entries << " entries";
  }
}

}  // namespace
}  // namespace cubby::test
