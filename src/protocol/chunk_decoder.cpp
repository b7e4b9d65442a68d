#include "protocol/chunk_decoder.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "protocol/ascii.hpp"
#include "protocol/hex.hpp"

namespace cubby::protocol {
namespace {

// A size that has more begins with zeros, which are counted with what is thrown away.
constexpr unsigned kMostSizeDigits = 16;

// Fields that say where a message ends or where it goes: too late in a trailer (RFC 9110, section
// 6.5.1), and dangerous where somebody merges trailers into the head.
constexpr std::array<std::string_view, 3> kNotInTrailer{"content-length", "transfer-encoding",
                                                        "host"};
constexpr unsigned kEveryName = (1U << kNotInTrailer.size()) - 1;

bool is_space(char c) { return c == ' ' || c == '\t'; }

// What may stand in a field value or a quoted string besides their delimiters.
bool is_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

}  // namespace

std::size_t ChunkDecoder::decode(std::string_view input, std::string_view& data) {
  data = {};
  std::size_t used = 0;
  while (used < input.size() && !done() && error_ == Error::none) {
    if (state_ == State::data) {
      const std::size_t size =
          static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input.size() - used));
      data = input.substr(used, size);
      chunk_left_ -= size;
      if (chunk_left_ == 0) state_ = State::data_cr;
      return used + size;
    }
    state_ = after(input[used]);
    ++used;
  }
  return used;
}

ChunkDecoder::State ChunkDecoder::fail(Error error) noexcept {
  error_ = error;
  return state_;
}

ChunkDecoder::State ChunkDecoder::after_size_line() {
  if (chunk_left_ == 0) return State::trailer_begin;
  if (chunk_left_ > max_body_bytes_ - body_size_) return fail(Error::body_too_large);
  body_size_ += chunk_left_;
  return State::data;
}

// chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
ChunkDecoder::State ChunkDecoder::after_extension_part(char c) {
  if (++overhead_bytes_ > limits_->max_header_bytes) return fail(Error::bad_chunk);
  switch (state_) {
    case State::space_before_extension:
      if (is_space(c)) return state_;
      if (c == ';') return State::space_before_name;
      break;
    case State::space_before_name:
      if (is_space(c)) return state_;
      if (kTokenChars.contains(c)) return State::name;
      break;
    case State::name:
      if (kTokenChars.contains(c)) return state_;
      if (is_space(c)) return State::space_after_name;
      if (c == '=') return State::space_before_value;
      if (c == ';') return State::space_before_name;
      if (c == '\r') return State::size_line_end;
      break;
    case State::space_after_name:
      if (is_space(c)) return state_;
      if (c == '=') return State::space_before_value;
      if (c == ';') return State::space_before_name;
      break;
    case State::space_before_value:
      if (is_space(c)) return state_;
      if (c == '"') return State::quoted_value;
      if (kTokenChars.contains(c)) return State::token_value;
      break;
    case State::token_value:
      if (kTokenChars.contains(c)) return state_;
      [[fallthrough]];
    case State::value_end:
      if (is_space(c)) return State::space_before_extension;
      if (c == ';') return State::space_before_name;
      if (c == '\r') return State::size_line_end;
      break;
    case State::quoted_value:
      if (c == '"') return State::value_end;
      if (c == '\\') return State::quoted_pair;
      if (is_text(c)) return state_;
      break;
    case State::quoted_pair:
      if (is_text(c)) return State::quoted_value;
      break;
    default:
      break;
  }
  return fail(Error::bad_chunk);
}

// Strikes the names out that the trailer field's cannot be any more.
void ChunkDecoder::take_name_char(char c) noexcept {
  for (std::size_t i = 0; i < kNotInTrailer.size(); ++i) {
    const std::string_view name = kNotInTrailer[i];
    if (name_size_ >= name.size() || name[name_size_] != to_lower(c)) names_left_ &= ~(1U << i);
  }
  ++name_size_;
}

bool ChunkDecoder::is_forbidden_name() const noexcept {
  for (std::size_t i = 0; i < kNotInTrailer.size(); ++i) {
    if ((names_left_ >> i & 1U) != 0 && name_size_ == kNotInTrailer[i].size()) return true;
  }
  return false;
}

ChunkDecoder::State ChunkDecoder::after(char c) {
  const int digit = hex_value(c);
  switch (state_) {
    case State::size_begin:
      chunk_left_ = 0;
      size_digits_ = 0;
      if (digit < 0) break;
      [[fallthrough]];
    case State::size:
      if (digit >= 0) {
        if (chunk_left_ > std::numeric_limits<std::uint64_t>::max() / 16) break;
        if (++size_digits_ > kMostSizeDigits && ++overhead_bytes_ > limits_->max_header_bytes)
          break;
        chunk_left_ = chunk_left_ * 16 + static_cast<unsigned>(digit);
        return State::size;
      }
      if (c == '\r') return State::size_line_end;
      if (c == ';') return State::space_before_name;
      if (is_space(c)) return State::space_before_extension;
      break;
    case State::size_line_end:
      if (c == '\n') return after_size_line();
      break;
    case State::data_cr:
      if (c == '\r') return State::data_lf;
      break;
    case State::data_lf:
      if (c == '\n') return State::size_begin;
      break;
    case State::trailer_begin:
      if (c == '\r') return State::last_line_end;
      if (++trailer_fields_ > limits_->max_header_fields || c == ':') break;
      name_size_ = 0;
      names_left_ = kEveryName;
      [[fallthrough]];
    case State::trailer_name:
      if (++overhead_bytes_ > limits_->max_header_bytes) break;
      if (c == ':' && !is_forbidden_name()) return State::trailer_value;
      if (!kTokenChars.contains(c)) break;
      take_name_char(c);
      return State::trailer_name;
    case State::trailer_value:
      if (++overhead_bytes_ > limits_->max_header_bytes) break;
      if (is_text(c)) return state_;
      if (c == '\r') return State::trailer_line_end;
      break;
    case State::trailer_line_end:
      if (c == '\n') return State::trailer_begin;
      break;
    case State::last_line_end:
      if (c == '\n') return State::done;
      break;
    case State::data:
    case State::done:
      break;
    default:
      return after_extension_part(c);
  }
  return fail(Error::bad_chunk);
}

}  // namespace cubby::protocol
