# Writes country_codes.hpp from the JSON of Debian's iso-codes:
#   awk -f country_codes.awk /usr/share/iso-codes/json/iso_3166-1.json > country_codes.hpp
# Its lines are "alpha_2": "FI", and others. The alphabetical order is made here, whatever that of the file is.

match($0, /"alpha_2": *"[A-Z][A-Z]"/) { assigned[substr($0, RSTART + RLENGTH - 3, 2)] = 1 }

END {
  alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
  for (i = 1; i <= 26; i++)
    for (j = 1; j <= 26; j++) {
      code = substr(alphabet, i, 1) substr(alphabet, j, 1)
      if (code in assigned) { codes = codes code; count++ }
    }
  # ISO 3166-1 has had about 250 codes for decades: much less means that the file is not what it was.
  if (count < 240 || count > 300) {
    print "country_codes.awk: " count + 0 " alpha-2 codes in " FILENAME ", which cannot be right" > "/dev/stderr"
    exit 1
  }
  print "// Made by country_codes.awk from iso-codes. Not to be edited.\n#pragma once\n\n#include <string_view>\n"
  print "namespace pg_takeout {\n"
  print "inline constexpr std::string_view country_codes =\n    \"" codes "\";"
  print "\n}  // namespace pg_takeout"
}
