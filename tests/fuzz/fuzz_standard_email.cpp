// check_email() against the grammars of RFC 5322 and RFC 5321 as one regular expression.
#include <algorithm>
#include <iterator>

#include "fuzz_target.hpp"
#include "pattern.hpp"
#include "standard_email.hpp"
#include "utf8_reader.hpp"

using namespace pg_takeout;

namespace {

const std::string beyond_ascii = "\x01";  // stands for each character beyond ASCII
const std::string atext = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~" + beyond_ascii + "-]";
const std::string dot_string = atext + "+(\\." + atext + "+)*";
const std::string quoted_string = "\"([]^-~ !#-[" + beyond_ascii + "]|\\\\[ -~])*\"";
const std::string sub_domain = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const std::string domain = sub_domain + "(\\." + sub_domain + ")*";
const std::string snum = "(25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])";
const std::string ipv4 = snum + "\\." + snum + "\\." + snum + "\\." + snum;
const std::string hex = "[0-9A-Fa-f]{1,4}";

const std::string hex_up_to_6 = "(" + hex + "(:" + hex + "){0,5})?";
const std::string hex_up_to_4 = "(" + hex + "(:" + hex + "){0,3})?";
const std::string ipv6_full = hex + "(:" + hex + "){7}";
const std::string ipv6v4_full = hex + "(:" + hex + "){5}:" + ipv4;

bool is_compressed_ipv6(const std::string& text) {
  static const Pattern comp(hex_up_to_6 + "::" + hex_up_to_6);
  static const Pattern v4_comp(hex_up_to_4 + "::((" + hex + "(:" + hex + "){0,3}):)?" + ipv4);
  // "No more than 6 groups in addition to the "::" may be present", 4 before an IPv4 address.
  std::size_t groups = 0;
  bool inside = false;
  for (const char byte : text) {
    if (byte != ':' && !inside) ++groups;
    inside = byte != ':';
  }
  return (comp.matches(text) && groups <= 6) || (v4_comp.matches(text) && groups <= 5);
}

bool is_literal(const std::string& text) {
  static const Pattern v4("\\[" + ipv4 + "\\]");
  static const Pattern v6_tag("\\[[Ii][Pp][Vv]6:.*\\]");
  static const Pattern v6(ipv6_full + "|" + ipv6v4_full);
  if (v4.matches(text)) return true;
  if (!v6_tag.matches(text)) return false;
  const std::string address = text.substr(6, text.size() - 7);
  return v6.matches(address) || is_compressed_ipv6(address);
}

bool reference(std::string_view text, const std::string& plain) {
  static const Pattern local(dot_string + "|" + quoted_string);
  static const Pattern host(domain);
  static const Pattern number("(.*\\.)?[0-9]+");
  if (text.size() > 254) return false;
  const std::size_t at = plain.rfind('@');
  if (at == std::string::npos || text.rfind('@') > 64 || !local.matches(plain.substr(0, at))) return false;
  const std::string after = plain.substr(at + 1);
  return is_literal(after) || (host.matches(after) && !number.matches(after));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const char* const said = check_email(text);

  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t character = next_character(text, at);
    if (character == invalid_character) {
      expect(text, said, false);
      return 0;
    }
    // Controls are all alike to the grammar.
    plain += character >= 0x80  ? beyond_ascii
             : character < 0x20 ? "\x02"
                                : std::string(1, static_cast<char>(character));
  }
  // U-labels have a test with other programs.
  if (plain.find(beyond_ascii, plain.rfind('@') + 1) == std::string::npos) expect(text, said, reference(text, plain));
  return 0;
}
