#include "sheet_name.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sheet_text.hpp"

using namespace pg_takeout;

namespace {

std::string name_of(std::string_view wanted, std::vector<std::string> taken = {}, std::uint32_t number = 1) {
  return make_sheet_name(wanted, number, taken);
}

}  // namespace

TEST_CASE("a name that Excel allows stays") {
  CHECK(name_of("leads") == "leads");
  CHECK(name_of("it's ü 😀") == "it's ü 😀");
}

TEST_CASE("what Excel forbids is replaced") {
  CHECK(name_of("a[b]c:d*e?f/g\\h") == "a_b_c_d_e_f_g_h");
  CHECK(name_of("'quoted'") == "_quoted_");
  CHECK(name_of("'") == "_");
  CHECK(name_of("a\nb") == "a_b");
  CHECK(name_of("").empty() == false);
  CHECK(name_of("History") == "History_");
  CHECK(name_of("hISTORY") == "hISTORY_");
}

TEST_CASE("a name has at most 31 UTF-16 units and is cut between characters") {
  CHECK(name_of(std::string(40, 'a')) == std::string(31, 'a'));
  CHECK(name_of(std::string(30, 'a') + "😀") == std::string(30, 'a'));
  CHECK(name_of(std::string(29, 'a') + "😀") == std::string(29, 'a') + "😀");
  CHECK(name_of(std::string(30, 'a') + "''b") == std::string(30, 'a') + "_");
  CHECK(name_of(std::string(40, 'a'), {}, 12) == std::string(26, 'a') + " (12)");
}

TEST_CASE("names differ by more than case") {
  CHECK(name_of("Leads", {"leads"}) == "Leads (2)");
  CHECK(name_of("Leads", {"leads", "LEADS (2)"}) == "Leads (3)");
  CHECK(name_of("ÄRGER Ω Ж Ł", {"ärger ω ж ł"}) == "ÄRGER Ω Ж Ł (2)");
  CHECK(name_of("leads", {"leads"}, 2) == "leads (2)");
  CHECK(name_of(std::string(40, 'a'), {std::string(31, 'a')}) == std::string(27, 'a') + " (2)");
}
