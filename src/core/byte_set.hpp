// Sets of bytes, for grammars that are written as character classes.
#pragma once

#include <array>
#include <string_view>

namespace pg_takeout {

class ByteSet {
 public:
  constexpr explicit ByteSet(std::string_view bytes) {
    for (const char byte : bytes) holds_[static_cast<unsigned char>(byte)] = true;
  }

  // All bytes from first to last.
  static constexpr ByteSet range(unsigned char first, unsigned char last) {
    ByteSet set{std::string_view{}};
    for (unsigned byte = first; byte <= last; ++byte) set.holds_[byte] = true;
    return set;
  }

  friend constexpr ByteSet operator|(ByteSet left, const ByteSet& right) {
    for (std::size_t i = 0; i < left.holds_.size(); ++i) left.holds_[i] = left.holds_[i] || right.holds_[i];
    return left;
  }

  [[nodiscard]] constexpr bool holds(char byte) const { return holds_[static_cast<unsigned char>(byte)]; }

  [[nodiscard]] constexpr bool holds_all_of(std::string_view text) const {
    for (const char byte : text)
      if (!holds(byte)) return false;
    return true;
  }

 private:
  std::array<bool, 256> holds_{};
};

// The core rules of RFC 5234 (ABNF), appendix B.1.
inline constexpr ByteSet ascii_digit = ByteSet::range('0', '9');
inline constexpr ByteSet ascii_letter = ByteSet::range('a', 'z') | ByteSet::range('A', 'Z');
inline constexpr ByteSet ascii_alphanumeric = ascii_letter | ascii_digit;
inline constexpr ByteSet hex_digit = ascii_digit | ByteSet::range('a', 'f') | ByteSet::range('A', 'F');
inline constexpr ByteSet not_ascii = ByteSet::range(0x80, 0xff);

}  // namespace pg_takeout
