#include "protocol/list_service.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cubby/cache.hpp>

#include "protocol/form.hpp"
#include "protocol/heap_bytes.hpp"
#include "protocol/json_escape.hpp"
#include "protocol/json_object.hpp"
#include "protocol/request.hpp"
#include "protocol/request_conditions.hpp"
#include "protocol/stored_entry.hpp"
#include "protocol/work.hpp"

namespace cubby::protocol {
namespace {

// What is looked at before others get their turn, and how often for one page.
constexpr std::size_t kMostExamined = 1000;
constexpr std::size_t kMostPieces = 200;
// Of a deletion.
constexpr ListLimits kPiece{.most = 200, .most_examined = kMostExamined};

// A cursor as peers see it: where to go on, and of which cache, as hex digits.
class CursorText {
 public:
  static constexpr std::size_t kDigits = 16;

  CursorText(std::uint64_t cursor, std::uint64_t identity) noexcept {
    write(0, cursor);
    write(kDigits, identity);
  }

  std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

 private:
  void write(std::size_t at, std::uint64_t number) noexcept {
    for (std::size_t i = kDigits; i-- > 0; number >>= 4) {
      text_[at + i] = "0123456789abcdef"[number & 15];
    }
  }

  std::array<char, 2 * kDigits> text_;
};

// Nothing when the text, as it was sent, is no cursor of this cache.
std::optional<std::uint64_t> cursor_of(std::string_view sent, std::uint64_t identity) {
  std::array<char, 2 * CursorText::kDigits> space;
  const auto text = decode_form(sent, space);
  if (!text || text->size() != space.size()) return std::nullopt;
  std::uint64_t cursor = 0;
  std::from_chars(text->data(), text->data() + CursorText::kDigits, cursor, 16);
  if (CursorText(cursor, identity).text() != *text) return std::nullopt;
  return cursor;
}

// Keys that have been found, as a page shows them.
class Found {
 public:
  explicit Found(std::size_t most) { keys_.reserve(most); }

  // With the shard locked, so it only copies: to escape a key takes longer than anything else here.
  void add(std::string_view key, const StoredEntry& entry) {
    texts_ += key;
    keys_.push_back({key.size(), entry.value.size(), entry.value.ttl()});
  }

  void append_to(std::string& list) const {
    std::string_view texts = texts_;
    for (const Key& key : keys_) {
      list += list.empty() ? R"({"key":")" : R"(,{"key":")";
      append_escaped(list, texts.substr(0, key.text_bytes));
      list += R"(","size":)";
      list += std::to_string(key.value_bytes);
      list += R"(,"ttl":)";
      list += key.ttl ? json_seconds(*key.ttl) : "null";
      list += '}';
      texts.remove_prefix(key.text_bytes);
    }
  }

 private:
  struct Key {
    std::size_t text_bytes;
    std::size_t value_bytes;
    std::optional<std::chrono::milliseconds> ttl;
  };

  std::string texts_;  // one behind the other
  std::vector<Key> keys_;
};

// One page: as many keys as are wanted, wherever they are, unless too many others have to be looked
// at for them.
class Page final : public Work {
 public:
  Page(Cache& cache, std::uint64_t cursor, std::string_view prefix, std::size_t limit)
      : cache_(cache), prefix_(prefix), left_(limit), next_(cursor) {}

  bool go_on() override {
    Found found(std::min(left_, kMostExamined));
    next_ = cache_.list(*next_, {.most = left_, .most_examined = kMostExamined},
                        [&](std::string_view key, const ValueView& value) {
                          if (!key.starts_with(prefix_)) return false;
                          found.add(key, StoredEntry(value));
                          // Keys of one hash are not told apart by a cursor.
                          left_ -= left_ > 0 ? 1 : 0;
                          return true;
                        });
    found.append_to(keys_);
    return next_ && left_ > 0 && ++pieces_ < kMostPieces;
  }

  Error reply(Reply& reply) override {
    std::string body = R"({"keys":[)" + keys_ + R"(],"cursor":)";
    if (next_) {
      body.append("\"").append(CursorText(*next_, cache_.identity()).text()).append("\"}");
    } else {
      body += "null}";
    }
    reply.send(200, kJsonType, body);
    return Error::none;
  }

  std::size_t memory_bytes() const noexcept override {
    return heap_bytes(prefix_) + heap_bytes(keys_);
  }

 private:
  Cache& cache_;
  const std::string prefix_;
  std::size_t left_;                   // keys that the page may still have
  std::optional<std::uint64_t> next_;  // where to go on; nothing at the end
  std::size_t pieces_ = 0;
  std::string keys_;
};

class PrefixDeletion final : public Work {
 public:
  PrefixDeletion(Cache& cache, std::string_view prefix) : cache_(cache), prefix_(prefix) {}

  bool go_on() override {
    // Many connections may wait for their turns: nothing of it is kept meanwhile.
    std::vector<std::string> keys;
    const auto next = cache_.list(cursor_, kPiece, [&](std::string_view key, const ValueView&) {
      const bool is_wanted = key.starts_with(prefix_);
      if (is_wanted) keys.emplace_back(key);
      return is_wanted;
    });
    for (const std::string& key : keys) deleted_ += cache_.erase(key) ? 1 : 0;
    cursor_ = next.value_or(0);
    return next.has_value();
  }

  Error reply(Reply& reply) override {
    JsonObject result;
    result.add("deleted", deleted_);
    reply.send(200, kJsonType, result.text());
    return Error::none;
  }

  std::size_t memory_bytes() const noexcept override { return heap_bytes(prefix_); }

 private:
  Cache& cache_;
  const std::string prefix_;
  std::uint64_t cursor_ = 0;
  std::uint64_t deleted_ = 0;
};

}  // namespace

Error list_keys(const Call& call, Reply& reply) {
  const Parameters& given = call.request.operation.parameters;
  Cache& cache = call.context.cache;
  std::uint64_t cursor = 0;
  if (!given.cursor.empty()) {
    const auto begin = cursor_of(given.cursor, cache.identity());
    if (!begin) return Error::bad_cursor;
    cursor = *begin;
  }
  const Ruling ruling = rule_on_untagged(call.request);
  if (ruling.error != Error::none) return ruling.error;
  if (!ruling.is_modified) {
    reply.send_head(304, {});
    return Error::none;
  }
  auto page =
      std::make_unique<Page>(cache, cursor, given.prefix.value_or(std::string_view()), given.limit);
  call.takes_turn = true;
  if (page->go_on()) {
    call.work = std::move(page);
  } else {
    return page->reply(reply);
  }
  return Error::none;
}

Error delete_keys(const Call& call, Reply& reply) {
  const Parameters& given = call.request.operation.parameters;
  const bool has_prefix = given.prefix.has_value();
  if (has_prefix == given.all || (has_prefix && given.prefix->empty())) {
    return Error::what_to_delete;
  }
  const Error error = rule_on_untagged(call.request).error;
  if (error != Error::none) return error;
  if (given.all) {
    call.context.cache.clear();
    call.takes_turn = true;
    reply.send_head(204, {});
  } else {
    call.work = std::make_unique<PrefixDeletion>(call.context.cache, *given.prefix);
  }
  return Error::none;
}

}  // namespace cubby::protocol
