#include "sheet_text.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>

#include "xlsx_cells.hpp"

using namespace pg_takeout;
using namespace pg_takeout::test;

namespace {

std::string escaped(std::string_view text) {
  MemorySink sink;
  append_escaped(sink, text);
  return std::string(sink.text());
}

template <class Escape>
std::string escaped_by(Escape escape, std::string_view text, std::size_t slice) {
  std::string out;
  const char* in = text.data();
  const char* const end = in + text.size();
  while (in < end) {
    const std::size_t size = std::min(slice, static_cast<std::size_t>(end - in));
    // Room of exactly what is promised to be enough, so that a sanitizer sees a byte more.
    const auto room = std::make_unique<char[]>(size * max_escaped_byte + escape_slack);
    char* const stop = escape(room.get(), in, in + size, end);
    REQUIRE(static_cast<std::size_t>(stop - room.get()) <= size * max_escaped_byte);
    out.append(room.get(), stop);
  }
  return out;
}

}  // namespace

TEST_CASE("XML's own characters are escaped") {
  CHECK(escaped("a & b < c > d \" ' e") == "a &amp; b &lt; c &gt; d \" ' e");
  CHECK(escaped("&amp;") == "&amp;amp;");
}

TEST_CASE("control characters that XML cannot hold become _xHHHH_, tab and line feed stay") {
  CHECK(escaped(std::string_view("\0\x01\x1F\t\n\r\x0B", 7)) == "_x0000__x0001__x001F_\t\n_x000D__x000B_");
  CHECK(escaped("\x7F") == "\x7F");
}

TEST_CASE("U+FFFE and U+FFFF become _xHHHH_, their neighbours stay") {
  CHECK(escaped("\xEF\xBF\xBE|\xEF\xBF\xBF|\xEF\xBF\xBD|\xEF\xBB\xBF") == "_xFFFE_|_xFFFF_|\xEF\xBF\xBD|\xEF\xBB\xBF");
}

TEST_CASE("a literal _xHHHH_ is guarded, what only looks like it is not") {
  CHECK(escaped("_x000D_") == "_x005F_x000D_");
  CHECK(escaped("_xabCD_") == "_x005F_xabCD_");
  CHECK(escaped("_x0041_x0042_") == "_x005F_x0041_x005F_x0042_");
  CHECK(escaped("__x0041_") == "__x005F_x0041_");
  // Here the closing _ comes from the escape that follows.
  CHECK(escaped("_x0041\r") == "_x005F_x0041_x000D_");
  CHECK(escaped("_x0041\xEF\xBF\xBF") == "_x005F_x0041_xFFFF_");
  CHECK(escaped("_x0041\n") == "_x0041\n");
  CHECK(escaped("_x004_ _x004g_ _X0041_ _x00411_ _x0041") == "_x004_ _x004g_ _X0041_ _x00411_ _x0041");
}

TEST_CASE("the escapes are undone by a reader") {
  std::mt19937 random(11);
  const char* const bits[] = {"_",  "x", "0041", "_x005F_",      "&",          "<", "\r",
                              "\n", " ", "ä",    "\xEF\xBF\xBF", "plain text", "_x"};
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (unsigned i = 0; i < random() % 20; ++i) text += bits[random() % std::size(bits)];
    CHECK(unescaped(escaped(text)) == text);
  }
}

TEST_CASE("the fast scan writes what the byte-wise one does, on every alignment, in any slices") {
  std::mt19937 random(2);
  const std::string_view awkward = "&<>_x0041_\t\n\r\x01\xEF\xBF\xBE\xEF\xBF\xBD_x";
  for (int round = 0; round < 20000; ++round) {
    const std::size_t size = random() % 80;
    const auto text = std::make_unique<char[]>(size);  // its own block: a byte read beyond it is seen
    for (std::size_t i = 0; i < size; ++i) {
      text[i] = random() % 8 == 0 ? awkward[random() % awkward.size()] : static_cast<char>('a' + random() % 26);
    }
    const std::string_view view(text.get(), size);
    const std::string expected = escaped_by(escape_text_scalar, view, size + 1);
    const std::size_t slice = 1 + random() % 40;
    REQUIRE(escaped_by(escape_text, view, size + 1) == expected);
    REQUIRE(escaped_by(escape_text, view, slice) == expected);
  }
}

TEST_CASE("plain text is copied, and only what escaping leaves alone is plain, by both scans, on every alignment") {
  std::mt19937 random(3);
  const std::string_view awkward = "&<>__xx\t\n\r\x01\xEF\xBF\xBE  \x7F\xC3\xA4";
  int plain = 0;
  for (int round = 0; round < 50000; ++round) {
    const std::size_t size = random() % 80;
    const unsigned care = 1 + random() % 60;
    const auto text = std::make_unique<char[]>(size);  // its own block: a byte read beyond it is seen
    for (std::size_t i = 0; i < size; ++i) {
      text[i] = random() % care == 0 ? awkward[random() % awkward.size()] : static_cast<char>('a' + random() % 26);
    }
    const std::string_view view(text.get(), size);
    const auto out = std::make_unique<char[]>(size + escape_slack);
    const bool is_plain = copy_plain_text(out.get(), view);
    REQUIRE(is_plain == copy_plain_text_scalar(std::make_unique<char[]>(size + escape_slack).get(), view));
    if (!is_plain) continue;
    ++plain;
    REQUIRE(std::string_view(out.get(), size) == view);
    REQUIRE(escaped(view) == view);
    REQUIRE_FALSE(has_outer_space(view));
  }
  CHECK(plain > 1000);
}

TEST_CASE("long texts are escaped across slices") {
  std::string text;
  std::string expected;
  while (text.size() < 30000) {
    text += "word_x0041_&";
    expected += "word_x005F_x0041_&amp;";
  }
  CHECK(escaped(text) == expected);
}

TEST_CASE("outer white space is noticed") {
  CHECK(has_outer_space(" a"));
  CHECK(has_outer_space("a\n"));
  CHECK(has_outer_space("\t"));
  CHECK_FALSE(has_outer_space("a b"));
  CHECK_FALSE(has_outer_space(""));
}

TEST_CASE("length is counted in UTF-16 units") {
  CHECK(utf16_length("") == 0);
  CHECK(utf16_length("abc") == 3);
  CHECK(utf16_length("äö€") == 3);
  CHECK(utf16_length("😀x") == 3);
}

TEST_CASE("a text needs an escape where escaping writes one") {
  std::mt19937 random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 40, 'a');
    if (random() % 4 == 0) text += "_x00" + std::string(random() % 2 == 0 ? "1F_" : "1G_");
    for (char& byte : text) {
      if (random() % 8 == 0 && byte == 'a') byte = "\r\n_x&<1"[random() % 7];
    }
    std::string escaped(text.size() * max_escaped_byte + escape_slack, '\0');
    const char* in = text.data();
    escaped.resize(static_cast<std::size_t>(
        escape_text_scalar(escaped.data(), in, text.data() + text.size(), text.data() + text.size()) - escaped.data()));
    std::string plain;
    for (const char byte : text) {
      plain += byte == '&' ? "&amp;" : byte == '<' ? "&lt;" : byte == '>' ? "&gt;" : std::string(1, byte);
    }
    INFO(text);
    REQUIRE(has_xstring_escapes(text) == (escaped != plain));
  }
  CHECK(has_xstring_escapes("\xEF\xBF\xBF"));
  CHECK_FALSE(has_xstring_escapes("\xEF\xBC\xA1 plain"));
}
