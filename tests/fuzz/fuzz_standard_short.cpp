// check_uuid(), check_phone() and check_ip_network() against regular expressions and the C library's reading of addresses.
#include <arpa/inet.h>

#include "fuzz_target.hpp"
#include "pattern.hpp"
#include "standard_network.hpp"
#include "standard_phone.hpp"
#include "standard_uuid.hpp"

using namespace pg_takeout;

namespace {

bool is_network(const std::string& text) {
  static const Pattern form("[0-9A-Fa-f:.]+/(0|[1-9][0-9]{0,2})");
  if (!form.matches(text)) return false;
  const std::size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  const int prefix = std::stoi(text.substr(slash + 1));
  unsigned char bytes[16] = {};
  int width = 32;
  if (inet_pton(AF_INET, address.c_str(), bytes) != 1) {
    width = 128;
    if (inet_pton(AF_INET6, address.c_str(), bytes) != 1) return false;
  }
  if (prefix > width) return false;
  for (int bit = prefix; bit < width; ++bit)
    if ((bytes[bit / 8] & (0x80U >> (bit % 8))) != 0) return false;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Pattern uuid("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}");
  static const Pattern phone("\\+[1-9][0-9]{6,14}");
  const std::string_view text = text_of(data, size);
  const std::string plain = without_zero_bytes(text);
  expect(text, check_uuid(text), uuid.matches(plain));
  expect(text, check_phone(text), phone.matches(plain));
  expect(text, check_ip_network(text), is_network(plain));
  return 0;
}
