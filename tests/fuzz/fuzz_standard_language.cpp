// check_language() against the ABNF of RFC 5646 section 2.1 as a regular expression.
#include <cctype>
#include <set>
#include <sstream>

#include "fuzz_target.hpp"
#include "pattern.hpp"
#include "standard_language.hpp"

using namespace pg_takeout;

namespace {

const std::string langtag =
    "([a-z]{2,3}(-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?"
    "(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(-[0-9a-wyz](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?";
const std::string irregular =
    "en-gb-oed|i-ami|i-bnn|i-default|i-enochian|i-hak|i-klingon|i-lux|i-mingo|i-navajo|i-pwn|i-tao|i-tay|i-tsu|"
    "sgn-be-fr|sgn-be-nl|sgn-ch-de";

// Variants have four octets and a digit first or five and more, and stand before the first singleton.
bool has_repeated_subtag(const std::string& tag) {
  std::set<std::string> variants;
  std::set<std::string> singletons;
  std::istringstream stream(tag);
  std::string subtag;
  std::getline(stream, subtag, '-');
  if (subtag == "x") return false;
  while (std::getline(stream, subtag, '-')) {
    if (subtag == "x") return false;
    if (subtag.size() == 1 && !singletons.insert(subtag).second) return true;
    const bool variant =
        subtag.size() > 4 || (subtag.size() == 4 && std::isdigit(static_cast<unsigned char>(subtag[0])));
    if (variant && singletons.empty() && !variants.insert(subtag).second) return true;
  }
  return false;
}

bool reference(std::string tag) {
  static const Pattern well_formed(langtag + "|x(-[a-z0-9]{1,8})+|" + irregular);
  if (tag.size() > 255) return false;
  for (char& byte : tag)
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte + 'a' - 'A');
  return well_formed.matches(tag) && !has_repeated_subtag(tag);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const std::string plain = without_zero_bytes(text);
  expect(text, check_language(text), reference(plain));
  return 0;
}
