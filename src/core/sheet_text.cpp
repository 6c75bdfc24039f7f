#include "sheet_text.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "byte_scan.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t slice_size = 4096;  // bytes of text escaped under one reserve()

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); }

// Characters that XML 1.0 does not have (2.2), and CR, which its readers make a line feed (2.11).
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n'; }

bool is_noncharacter(const char* in, const char* end) {  // U+FFFE, U+FFFF
  return end - in >= 3 && in[0] == '\xEF' && in[1] == '\xBF' && (in[2] == '\xBE' || in[2] == '\xBF');
}

// Whether _xHHHH_ will stand here literally; its last _ may be the first one of an escape.
bool is_escape_form(const char* in, const char* end) {
  return end - in >= 7 && in[1] == 'x' && is_hex(in[2]) && is_hex(in[3]) && is_hex(in[4]) && is_hex(in[5]) &&
         (in[6] == '_' || is_control(in[6]) || is_noncharacter(in + 6, end));
}

char* put(char* out, std::string_view bytes) {
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

// Writes one byte's worth of text that may need care.
char* escape_byte(char* out, const char*& in, const char* end) {
  const char c = *in;
  switch (c) {
    case '&':
      ++in;
      return put(out, "&amp;");
    case '<':
      ++in;
      return put(out, "&lt;");
    case '>':
      ++in;
      return put(out, "&gt;");
    case '_':
      ++in;
      if (is_escape_form(in - 1, end)) return put(out, "_x005F_");
      *out = c;
      return out + 1;
    case '\xEF':
      if (is_noncharacter(in, end)) {
        out = put(out, in[2] == '\xBE' ? "_xFFFE_" : "_xFFFF_");
        in += 3;
        return out;
      }
      break;
    default:
      if (is_control(c)) {
        constexpr char digits[] = "0123456789ABCDEF";
        out = put(out, "_x00");
        *out++ = digits[c >> 4];
        *out++ = digits[c & 15];
        *out++ = '_';
        ++in;
        return out;
      }
  }
  *out = c;
  ++in;
  return out + 1;
}

// What may need an escape wherever it stands.
struct UnplainBytes {
  static bool holds(char byte) {
    return static_cast<unsigned char>(byte) < 0x20 || byte == '<' || byte == '>' || byte == '&' || byte == '\xEF';
  }
#ifdef PG_TAKEOUT_BYTE_BLOCK
  static ByteBlock matches(ByteBlock block) {
    return block.at_most(0x1F) | block.equal_to('<') |
           (block.equal_to('>') | block.equal_to('&') | block.equal_to('\xEF'));
  }
#endif
};

#if defined(__SSE2__)

// A bit for each of 16 bytes that escape_byte() has to see.
unsigned bytes_with_care(__m128i bytes) {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  // '<' and '>' differ in one bit.
  const __m128i angle = _mm_cmpeq_epi8(_mm_and_si128(bytes, _mm_set1_epi8('\xFD')), _mm_set1_epi8('<'));
  const __m128i ampersand = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('&'));
  const __m128i underscore = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_'));
  const __m128i last_block = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\xEF'));
  const __m128i any =
      _mm_or_si128(_mm_or_si128(_mm_or_si128(control, angle), _mm_or_si128(ampersand, underscore)), last_block);
  return static_cast<unsigned>(_mm_movemask_epi8(any));
}

// Loads 1 to 15 bytes without touching others, the first of them in order; the rest is anything.
__m128i load_tail(const char* in, std::size_t size) {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (size >= 8) {
    std::memcpy(&low, in, 8);
    std::memcpy(&high, in + size - 8, 8);
    if (size > 8) high >>= 8 * (16 - size);
  } else if (size >= 4) {
    std::uint32_t first;
    std::uint32_t last;
    std::memcpy(&first, in, 4);
    std::memcpy(&last, in + size - 4, 4);
    low = first | std::uint64_t{last} << 8 * (size - 4);
  } else {
    const auto byte = [in](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(in[i])); };
    low = byte(0) | byte(size / 2) << 8 * (size / 2) | byte(size - 1) << 8 * (size - 1);
  }
  return _mm_set_epi64x(static_cast<std::int64_t>(high), static_cast<std::int64_t>(low));
}

#endif

}  // namespace

char* escape_text_scalar(char* out, const char*& in, const char* stop, const char* end) {
  while (in < stop) out = escape_byte(out, in, end);
  return out;
}

#if defined(__SSE2__)

char* escape_text(char* out, const char*& in, const char* stop, const char* end) {
  while (in < stop) {
    const auto left = static_cast<std::size_t>(stop - in);
    const bool whole = left >= 16;
    const __m128i bytes = whole ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(in)) : load_tail(in, left);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    const unsigned size = whole ? 16 : static_cast<unsigned>(left);
    const unsigned care = bytes_with_care(bytes) & ((1U << size) - 1);
    if (care == 0) {
      in += size;
      out += size;
      continue;
    }
    const int clean = std::countr_zero(care);
    in += clean;
    out = escape_byte(out + clean, in, end);
  }
  return out;
}

#else

char* escape_text(char* out, const char*& in, const char* stop, const char* end) {
  return escape_text_scalar(out, in, stop, end);
}

#endif

bool copy_plain_text_scalar(char* out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins_escape = text[i] == '_' && i + 1 < text.size() && text[i + 1] == 'x';
    if (UnplainBytes::holds(text[i]) || begins_escape) return false;
    out[i] = text[i];
  }
  return !has_outer_space(text);
}

#ifdef PG_TAKEOUT_BYTE_BLOCK

bool copy_plain_text(char* out, std::string_view text) {
  const char* const in = text.data();
  const std::size_t size = text.size();
  if (size <= 16) {
    if (size == 0) return true;
    const ByteBlock block = size == 16 ? ByteBlock::load(in) : byte_scan_detail::take_short<true>(out, in, size);
    if (size == 16) block.store(out);
    if ((UnplainBytes::matches(block) | block.equal_to('_')).mask() != 0) return copy_plain_text_scalar(out, text);
    return !has_outer_space(text);
  }
  const auto is_plain = [=](std::size_t i) {
    const ByteBlock block = ByteBlock::load(in + i);
    block.store(out + i);
    const ByteBlock begins_escape = block.equal_to('_') & ByteBlock::load(in + i + 1).equal_to('x');
    return (UnplainBytes::matches(block) | begins_escape).mask() == 0;
  };
  for (std::size_t i = 0; i + 17 <= size; i += 16) {
    if (!is_plain(i)) return false;
  }
  // The last seventeen bytes, of which the first ones are known, and the last has none behind it.
  if (!is_plain(size - 17)) return false;
  out[size - 1] = in[size - 1];
  return !UnplainBytes::holds(in[size - 1]) && !has_outer_space(text);
}

#else

bool copy_plain_text(char* out, std::string_view text) { return copy_plain_text_scalar(out, text); }

#endif

void append_escaped(Sink& sink, std::string_view text) {
  const char* in = text.data();
  const char* const end = in + text.size();
  while (in < end) {
    const std::size_t slice = std::min(slice_size, static_cast<std::size_t>(end - in));
    char* out = sink.reserve(slice * max_escaped_byte + escape_slack);
    sink.commit(escape_text(out, in, in + slice, end));
  }
}

bool has_xstring_escapes(std::string_view text) {
  const char* in = text.data();
  const char* const end = in + text.size();
  for (; (in += find_byte(in, static_cast<std::size_t>(end - in), XstringBytes{})) < end; ++in) {
    if (is_control(*in) || is_noncharacter(in, end) || (*in == '_' && is_escape_form(in, end))) return true;
  }
  return false;
}

std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xC0) != 0x80;  // each character once
    units += byte >= 0xF0;           // beyond the basic plane: a surrogate pair
  }
  return units;
}

}  // namespace pg_takeout
