#include "protocol/date_header.hpp"

#include <algorithm>
#include <cstddef>

namespace cubby::protocol {
namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view kFrame = "Date: Ddd, 00 Mmm 0000 00:00:00 GMT\r\n";
constexpr std::size_t kDateBegin = 6;

void write_digits(char* out, int count, unsigned value) {
  for (int i = count - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

void write_name(char* out, std::string_view names, unsigned index) {
  std::copy_n(names.begin() + index * 3, 3, out);
}

}  // namespace

void DateHeader::update(std::chrono::sys_seconds now) noexcept {
  time_ = now;
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{now - day};

  static_assert(kFrame.size() == std::tuple_size_v<decltype(field_)>);
  std::copy(kFrame.begin(), kFrame.end(), field_.begin());
  char* out = field_.data() + kDateBegin;
  write_name(out, kDays, std::chrono::weekday{day}.c_encoding());
  write_digits(out + 5, 2, static_cast<unsigned>(date.day()));
  write_name(out + 8, kMonths, static_cast<unsigned>(date.month()) - 1);
  write_digits(out + 12, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  write_digits(out + 17, 2, static_cast<unsigned>(time.hours().count()));
  write_digits(out + 20, 2, static_cast<unsigned>(time.minutes().count()));
  write_digits(out + 23, 2, static_cast<unsigned>(time.seconds().count()));
}

}  // namespace cubby::protocol
