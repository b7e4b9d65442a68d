// What is shown of a value, in every layout that it can have: its parts, its front, what is left of
// it and of its time.

#include <string>
#include <vector>

#include "core/cache_fixture.hpp"
#include "core/size_classes.hpp"

namespace cubby::test {
namespace {

using std::chrono::milliseconds;

class ValueViewTest : public CacheFixture {
 protected:
  void SetUp() override { Make(); }

  template <class Look>
  void View(std::string_view key, Look look) {
    EXPECT_TRUE(cache_->get(key, look));
  }
};

std::string text_of(const ValueView& view) {
  std::string text;
  view.append_to(text);
  return text;
}

// Around what one slot takes, then two, and a large one.
std::vector<std::size_t> all_layouts(std::size_t key_size) {
  std::vector<std::size_t> sizes{0, 1, 599, 600, 601, 1500, 2025};
  for (std::size_t blocks = 1; blocks <= 4; ++blocks) {
    for (const std::size_t around : {std::size_t{0}, key_size}) {
      for (const int off : {-700, -601, -600, -599, -29, -28, -27, -25, -24, -23, -1, 0, 1, 300}) {
        sizes.push_back(blocks * (kMaxSlotBytes - 24) - around + static_cast<std::size_t>(off + 5));
      }
    }
  }
  sizes.insert(sizes.end(), {100'000, kLargeValueBytes, kLargeValueBytes + 1, 300'000});
  return sizes;
}

TEST_F(ValueViewTest, TheFrontIsInOnePieceInEveryLayout) {
  for (const std::size_t key_size :
       {std::size_t{1}, std::size_t{40}, std::size_t{1000}, kMaxKeyBytes}) {
    const std::string key(key_size, 'k');
    for (const std::size_t size : all_layouts(key_size)) {
      const std::string value = patterned(size, static_cast<unsigned>(size));
      ASSERT_NE(Put(key, value), PutOutcome::too_large);
      View(key, [&](ValueView view) {
        const std::string_view front = view.front();
        EXPECT_GE(front.size(), std::min(kFrontBytes, size)) << key_size << " " << size;
        EXPECT_EQ(front, std::string_view(value).substr(0, front.size()));
        EXPECT_EQ(text_of(view), value);
      });
    }
    EXPECT_EQ(cache_->check_invariants(), "");
  }
}

TEST_F(ValueViewTest, APrefixOfAnySizeIsLeftOut) {
  for (const std::size_t size : {std::size_t{50}, std::size_t{4100}, std::size_t{4068 + 4072 - 3},
                                 std::size_t{20'000}, kLargeValueBytes + 70'000}) {
    const std::string value = patterned(size, static_cast<unsigned>(size));
    Put("key", value);
    for (const std::size_t step : {std::size_t{1}, std::size_t{600}, std::size_t{4072},
                                   std::size_t{32768}, size / 2, size - 1, size}) {
      View("key", [&](ValueView view) {
        for (std::size_t gone = 0; gone + step <= size && gone < 8 * step;) {
          view.remove_prefix(step);
          gone += step;
          const std::string_view rest = std::string_view(value).substr(gone);
          ASSERT_EQ(view.size(), rest.size());
          ASSERT_EQ(text_of(view), rest) << size << " less " << gone;
          std::string copied(rest.size(), '\0');
          view.copy_to(copied.data());
          ASSERT_EQ(copied, rest);
          std::string parts;
          view.for_each_part([&](std::string_view part) {
            EXPECT_FALSE(part.empty());
            parts += part;
          });
          ASSERT_EQ(parts, rest);
          const std::string_view front = view.front();
          ASSERT_EQ(front.empty(), rest.empty());
          ASSERT_EQ(front, rest.substr(0, front.size()));
          if (gone < kFrontBytes) {
            ASSERT_GE(front.size(), std::min(kFrontBytes - gone, rest.size()));
          }
        }
        if (size > kLargeValueBytes) {
          EXPECT_EQ(view.pin().size(), size) << "all of it";
        }
      });
    }
  }
}

TEST_F(ValueViewTest, SaysHowLongItWillBeFound) {
  Put("for ever", "value");
  View("for ever", [](const ValueView& view) { EXPECT_EQ(view.ttl(), std::nullopt); });
  Put("key", "value", {.ttl = milliseconds(1500)});
  clock_.advance(milliseconds(499));
  View("key", [](const ValueView& view) { EXPECT_EQ(view.ttl(), milliseconds(1001)); });
  clock_.advance(milliseconds(1000));
  View("key", [](const ValueView& view) { EXPECT_EQ(view.ttl(), milliseconds(1)); });
}

TEST_F(ValueViewTest, NotesAreKeptWithLargeValuesOnly) {
  const Notes notes{~std::uint64_t{0}, 5};
  Put("small", "value", {.notes = notes});
  View("small", [](const ValueView& view) { EXPECT_EQ(view.notes(), Notes{}); });
  Put("large", std::string(kLargeValueBytes + 1, 'x'), {.notes = notes});
  View("large", [&](const ValueView& view) {
    EXPECT_EQ(view.notes(), notes);
    EXPECT_EQ(view.pin().notes(), notes);
  });
  EXPECT_EQ(PinnedValue().notes(), Notes{});
}

TEST_F(ValueViewTest, AValueInTwoPartsIsOneValue) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{700}, std::size_t{5000},
                                 std::size_t{20'000}, kLargeValueBytes, kLargeValueBytes + 1}) {
    for (const std::size_t in_front : {std::size_t{1}, std::size_t{9}, size / 2, size}) {
      const std::string value = patterned(size, static_cast<unsigned>(size + in_front));
      const PutOptions options{.before = std::string_view(value).substr(0, in_front)};
      ASSERT_NE(Put("key", std::string_view(value).substr(in_front), options),
                PutOutcome::too_large);
      EXPECT_EQ(Get("key"), value) << size << " with " << in_front;
      EXPECT_EQ(Stats().data_bytes, 3 + size);
    }
  }
  Make({.max_memory_bytes = 10,
        .shards = 1,
        .charge = [](std::string_view, std::size_t value_bytes) { return value_bytes; }});
  EXPECT_EQ(Put("key", "12345", {.before = "12345"}), PutOutcome::inserted);
  EXPECT_EQ(Put("key", "12345", {.before = "123456"}), PutOutcome::too_large) << "together";
}

TEST_F(ValueViewTest, OverwritingWithTwoPartsOfTheSameSizeAllocatesNothing) {
  const std::string first(100, 'a');
  const std::string second(98, 'b');
  Put("key", first);
  const std::uint64_t slack = Stats().slack_bytes;
  EXPECT_EQ(Put("key", second, {.before = "--"}), PutOutcome::replaced);
  EXPECT_EQ(Get("key"), "--" + second);
  EXPECT_EQ(Stats().slack_bytes, slack);
}

}  // namespace
}  // namespace cubby::test
