// UTF-8 (RFC 3629), and what is not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pg_takeout {

// Stands for bytes that are not UTF-8: U+FFFD.
inline constexpr std::string_view utf8_replacement = "\uFFFD";

// Bytes of the character that a text begins with, which is not empty; 0 where it is not UTF-8.
[[nodiscard]] std::size_t utf8_character(std::string_view text) noexcept;

// The text, with U+FFFD for each byte that is not UTF-8.
[[nodiscard]] std::string valid_utf8(std::string_view text);

}  // namespace pg_takeout
