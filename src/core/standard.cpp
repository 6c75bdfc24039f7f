#include "standard.hpp"

#include "standard_country.hpp"
#include "standard_email.hpp"
#include "standard_language.hpp"
#include "standard_network.hpp"
#include "standard_phone.hpp"
#include "standard_time_zone.hpp"
#include "standard_timestamp.hpp"
#include "standard_url.hpp"
#include "standard_uuid.hpp"

namespace pg_takeout {

namespace {

struct NamedCheck {
  std::string_view name;
  StandardCheck check;
};

constexpr NamedCheck checks[] = {{"email", check_email},
                                 {"uuid", check_uuid},
                                 {"country", check_country},
                                 {"phone", check_phone},
                                 {"timestamp", check_timestamp},
                                 {"date", check_date},
                                 {"url", check_url},
                                 {"language", check_language},
                                 {"time_zone", check_time_zone},
                                 {"ip_network", check_ip_network}};

}  // namespace

StandardCheck find_standard(std::string_view name) {
  for (const NamedCheck& named : checks)
    if (named.name == name) return named.check;
  return nullptr;
}

}  // namespace pg_takeout
