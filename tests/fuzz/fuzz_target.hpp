// What a fuzz target is made of. Each tests/fuzz/fuzz_*.cpp defines LLVMFuzzerTestOneInput(), which compares the core with an
// independent reference and ends the program where they differ. libFuzzer drives it where clang is there
// (-DTAKEOUT_FUZZ=ON); else, in CTest, replay.cpp does, with the seeds beside it and random changes of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace pg_takeout {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// For references that read to a zero byte: another character that is nowhere allowed stands for it.
inline std::string without_zero_bytes(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '\0', '\x02');
  return plain;
}

// Ends the program unless the core and the reference agree; said: what the core said, null if it accepted the text.
inline void expect(std::string_view text, const char* said, bool expected) {
  if ((said == nullptr) == expected) return;
  std::fprintf(stderr, "\nthe reference %s what the core %s%s:\n", expected ? "accepts" : "refuses",
               said == nullptr ? "accepts" : "refuses: ", said == nullptr ? "" : said);
  for (const char byte : text)
    std::fprintf(stderr, byte >= 0x20 && byte < 0x7f ? "%c" : "\\x%02x", static_cast<unsigned char>(byte));
  std::fputc('\n', stderr);
  std::abort();
}

}  // namespace pg_takeout
