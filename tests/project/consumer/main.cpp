#include <optional>
#include <string>

#include <cubby/cache.hpp>

int main() {
  cubby::Cache cache(cubby::CacheOptions{});
  cache.put("key", "value");
  return cache.get("key") == std::optional<std::string>("value") ? 0 : 1;
}
