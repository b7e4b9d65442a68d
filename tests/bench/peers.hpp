// The caches that ours is compared with, and ours, behind one interface: get() copies the value
// out, put() copies the value in, and either makes the entry the most recently used.

#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#ifdef CUBBY_BENCH_LEVELDB
#include <leveldb/cache.h>
#endif

#include <cubby/cache.hpp>

namespace cubby::bench {

inline constexpr std::size_t kValueBytes = 64;
using Value = std::array<char, kValueBytes>;

inline std::string_view text_of(const Value& value) { return {value.data(), value.size()}; }

class Ours {
 public:
  static constexpr const char* kName = "cubby";

  // An entry takes 104 bytes, and its place in the index 8 at the most.
  explicit Ours(std::size_t entries) : cache_(options(entries)) {}

  bool get(std::string_view key, Value& out) {
    return cache_.get(key, [&out](const ValueView& value) { value.copy_to(out.data()); });
  }
  void put(std::string_view key, const Value& value) { cache_.put(key, text_of(value)); }

 private:
  static CacheOptions options(std::size_t entries) {
    CacheOptions options;
    options.max_memory_bytes = kMinMemoryBytes + entries * 112;
    return options;
  }

  Cache cache_;
};

// What one writes in an afternoon.
class MapAndList {
 public:
  static constexpr const char* kName = "map_list";

  explicit MapAndList(std::size_t entries) {
    for (Shard& shard : shards_) shard.capacity = entries / kShards + entries / kShards / 16;
  }

  bool get(std::string_view key, Value& out) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.index.find(key);
    if (found == shard.index.end()) return false;
    shard.list.splice(shard.list.begin(), shard.list, found->second);
    std::memcpy(out.data(), found->second->value.data(), out.size());
    return true;
  }

  void put(std::string_view key, const Value& value) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    if (const auto found = shard.index.find(key); found != shard.index.end()) {
      shard.list.splice(shard.list.begin(), shard.list, found->second);
      found->second->value.assign(value.data(), value.size());
      return;
    }
    if (shard.index.size() >= shard.capacity) {
      shard.index.erase(shard.list.back().key);
      shard.list.pop_back();
    }
    shard.list.push_front({std::string(key), std::string(text_of(value))});
    shard.index.emplace(shard.list.front().key, shard.list.begin());
  }

 private:
  static constexpr std::size_t kShards = 64;

  struct Entry {
    std::string key;
    std::string value;
  };

  struct alignas(64) Shard {
    std::mutex mutex;
    std::size_t capacity = 0;
    std::list<Entry> list;
    std::unordered_map<std::string_view, std::list<Entry>::iterator> index;
  };

  Shard& shard_of(std::string_view key) {
    // The map takes the same hash modulo a prime, which the top bits leave even.
    return shards_[std::hash<std::string_view>()(key) >> 58];
  }

  std::array<Shard, kShards> shards_;
};

#ifdef CUBBY_BENCH_LEVELDB
class LevelDb {
 public:
  static constexpr const char* kName = "leveldb";

  // Room for a sixteenth more, because its 16 shards each have a part of the capacity.
  explicit LevelDb(std::size_t entries) : cache_(leveldb::NewLRUCache(entries + entries / 16)) {}

  bool get(std::string_view key, Value& out) {
    leveldb::Cache::Handle* const handle = cache_->Lookup(slice(key));
    if (handle == nullptr) return false;
    std::memcpy(out.data(), cache_->Value(handle), out.size());
    cache_->Release(handle);
    return true;
  }

  void put(std::string_view key, const Value& value) {
    const auto erase = [](const leveldb::Slice&, void* old) { delete static_cast<Value*>(old); };
    cache_->Release(cache_->Insert(slice(key), new Value(value), 1, erase));
  }

 private:
  static leveldb::Slice slice(std::string_view key) { return {key.data(), key.size()}; }

  std::unique_ptr<leveldb::Cache> cache_;
};
#endif

}  // namespace cubby::bench
