// check_url() against the collected ABNF of RFC 3986, appendix A, as a regular expression, and IPv6 as the C library reads it.
#include <arpa/inet.h>

#include "fuzz_target.hpp"
#include "pattern.hpp"
#include "standard_url.hpp"

using namespace pg_takeout;

namespace {

const std::string pct_encoded = "%[0-9A-Fa-f]{2}";
const std::string pchar = "([A-Za-z0-9._~!$&'()*+,;=:@-]|" + pct_encoded + ")";
const std::string reg_name = "([A-Za-z0-9._~!$&'()*+,;=-]|" + pct_encoded + ")+";
const std::string userinfo = "(([A-Za-z0-9._~!$&'()*+,;=:-]|" + pct_encoded + ")*@)?";
const std::string future = "\\[[vV][0-9A-Fa-f]+\\.[A-Za-z0-9._~!$&'()*+,;=:-]+\\]";
const std::string behind = "(:[0-9]*)?(/" + pchar + "*)*(\\?(" + pchar + "|[/?])*)?(#(" + pchar + "|[/?])*)?";
const std::string before = "[A-Za-z][A-Za-z0-9+.-]*://" + userinfo;

bool reference(const std::string& text) {
  static const Pattern url(before + "(" + reg_name + "|" + future + ")" + behind);
  static const Pattern ipv6_url(before + "\\[[0-9A-Fa-f:.]+\\]" + behind);
  if (url.matches(text)) return true;
  if (!ipv6_url.matches(text)) return false;
  const std::size_t begin = text.find('[') + 1;
  in6_addr address;
  return inet_pton(AF_INET6, text.substr(begin, text.find(']') - begin).c_str(), &address) == 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const std::string plain = without_zero_bytes(text);
  expect(text, check_url(text), reference(plain));
  return 0;
}
