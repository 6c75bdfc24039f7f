#include "json_string.hpp"

#include <cstring>

#include "byte_scan.hpp"
#include "hex_text.hpp"

namespace pg_takeout {

namespace {

char* write_escape(char* out, char byte) {
  *out++ = '\\';
  switch (byte) {
    case '"':
    case '\\':
      *out++ = byte;
      return out;
    case '\b':
      *out++ = 'b';
      return out;
    case '\f':
      *out++ = 'f';
      return out;
    case '\n':
      *out++ = 'n';
      return out;
    case '\r':
      *out++ = 'r';
      return out;
    case '\t':
      *out++ = 't';
      return out;
    default: {
      std::memcpy(out, "u00", 3);
      const auto control = static_cast<unsigned char>(byte);
      return write_hex(out + 3, &control, 1);
    }
  }
}

}  // namespace

char* write_json_escaped(char* out, std::string_view text) {
  while (true) {
    const std::size_t clean = copy_clean(out, text.data(), text.size(), JsonSpecialBytes{});
    out += clean;
    if (clean == text.size()) return out;
    out = write_escape(out, text[clean]);
    text.remove_prefix(clean + 1);
  }
}

}  // namespace pg_takeout
