#include <catch2/catch.hpp>
#include <string>

#include "standard.hpp"
#include "standard_country.hpp"

using namespace pg_takeout;

namespace {

struct Cases {
  const char* standard;
  std::initializer_list<const char*> good;
  std::initializer_list<const char*> bad;
};

const Cases all_cases[] = {
    {"uuid",
     {"f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
      "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
     {"", "f81d4fae7dec11d0a76500a0c91e6bf6", "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}",
      "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae-7dec-11d0-a765-00a0c91e6bfg",
      "f81d4fae-7dec-11d0-a765-00a0c91e6bf", "f81d4fae-7dec-11d0-a765-00a0c91e6bf61",
      "f81d4fae-7dec-11d0-a76500a0c-91e6bf6", "-81d4fae-7dec-11d0-a765-00a0c91e6bf6"}},
    {"country", {"FI", "AX", "DE", "ZW", "AD"}, {"", "fi", "FIN", "F", "XX", "EU", "UK", "ZZ", "[[", "F1", "F\xc3"}},
    {"phone",
     {"+358401234567", "+6834002", "+123456789012345", "+12015550123"},
     {"", "+", "358401234567", "00358401234567", "+358 40 1234567", "+358-40-1234567", "+0123456789",
      "+1234567890123456", "+123456", "+35840123456a", " +358401234567", "++358401234567", "tel:+358401234567"}},
    {"date",
     {"2026-01-31", "20260131", "2024-02-29"},
     {"", "2026-02-29", "2026-1-1", "31.01.2026", "2026-01-31 ", "2026-01"}},
    {"url",
     {"https://example.com", "http://example.com:8080/a/b?c=d&e=%20#f/?", "ftp://user:pw@192.0.2.1/",
      "http://[2001:db8::1]:80/", "http://[v1.x:y]", "android-app://com.example/", "HTTP://EXAMPLE.COM"},
     {"", "example.com", "//example.com/", "/path", "mailto:a@example.com", "http:/example.com", "http://", "http:///x",
      "1http://x", "http://ex ample.com", "http://example.com/ä", "http://example.com/<", "http://example.com/%g0",
      "http://example.com:80a/", "http://[::1", "http://[::g]", "http://example.com#a#b", "http://a[b",
      "javascript:alert(1)"}},
    {"language",
     {"fi", "en-GB", "zh-Hant-TW", "sl-rozaj-biske", "de-CH-1901", "es-419", "en-u-ca-gregory-x-mine", "x-private",
      "i-klingon", "EN-gb-OED", "zh-cmn-Hans-CN"},
     {"", "e", "en_US", "en-", "-en", "en--GB", "english-uk-with-toolongsubtag", "x", "en-x", "en-a", "de-419-DE",
      "a-DE", "de-DE-1901-1901", "ar-a-aaa-b-bbb-a-ccc", "en-GB ", "i-unknown"}},
    {"time_zone",
     {"UTC", "Europe/Helsinki", "America/Argentina/Buenos_Aires", "Etc/GMT+12", "Etc/GMT-14"},
     {"", "/Europe", "Europe/", "Europe//Helsinki", "../etc/passwd", "Europe/../UTC", "Europe/-x", "EET EEST",
      "<+02>-2"}},
    {"ip_network",
     {"203.0.113.0/24", "0.0.0.0/0", "192.0.2.1/32", "2001:db8::/32", "::/0", "::1/128", "::ffff:192.0.2.0/120"},
     {"", "192.0.2.1", "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/024", "192.0.2/24", "192.0.02.0/24",
      "2001:db8::1/32", "2001:db8::/129", "1:2:3:4:5:6:7:8::/64", "1::2::/64", ":1::/64", "192.0.2.0/-1", "::/ 0"}},
};

}  // namespace

TEST_CASE("every known standard has a check by its name") {
  for (const char* const name :
       {"email", "uuid", "country", "phone", "timestamp", "date", "url", "language", "time_zone", "ip_network"})
    CHECK(find_standard(name) != nullptr);
  CHECK(find_standard("") == nullptr);
  CHECK(find_standard("e-mail") == nullptr);
}

TEST_CASE("standards tell good texts from bad ones") {
  for (const Cases& cases : all_cases) {
    const StandardCheck check = find_standard(cases.standard);
    INFO(cases.standard);
    for (const char* const text : cases.good) {
      INFO(text);
      CHECK(check(text) == nullptr);
    }
    for (const char* const text : cases.bad) {
      INFO(text);
      CHECK(check(text) != nullptr);
    }
  }
}

TEST_CASE("no text makes a check read past its end") {
  for (const Cases& cases : all_cases) {
    const StandardCheck check = find_standard(cases.standard);
    for (const std::string text : cases.good)
      for (std::size_t i = 0; i <= text.size(); ++i) (void)check(std::string(text, 0, i));
  }
}

TEST_CASE("a country code is what the list has, and nothing else of two letters") {
  const std::string_view codes = assigned_country_codes();
  REQUIRE(codes.size() % 2 == 0);
  std::size_t known = 0;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      known += check_country(text) == nullptr ? 1 : 0;
    }
  }
  CHECK(known == codes.size() / 2);
  for (std::size_t i = 0; i < codes.size(); i += 2) CHECK(check_country(codes.substr(i, 2)) == nullptr);
}

TEST_CASE("a language tag of a megabyte takes no time") {
  std::string tag = "en";
  while (tag.size() < 1'000'000) tag += "-abcde" + std::to_string(tag.size() % 100);
  CHECK(find_standard("language")(tag) != nullptr);
}
