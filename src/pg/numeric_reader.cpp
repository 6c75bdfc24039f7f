#include "postgres.hpp"

#include "numeric_reader.hpp"

#include "../core/value_text.hpp"

namespace pg_takeout {

namespace {

// The packed form (utils/adt/numeric.c, unchanged on disk since 9.1, infinities since 14): a 16-bit header whose top two
// bits tell positive, negative, short and special; the long form has a 16-bit weight behind it. Base-10000 digits follow.
constexpr uint16 form_mask = 0xC000;
constexpr uint16 form_negative = 0x4000;
constexpr uint16 form_short = 0x8000;
constexpr uint16 form_special = 0xC000;

constexpr uint16 special_mask = 0xF000;
constexpr uint16 special_infinity = 0xD000;
constexpr uint16 special_negative_infinity = 0xF000;

constexpr uint16 short_sign = 0x2000;
constexpr uint16 short_scale_mask = 0x1F80;
constexpr int short_scale_shift = 7;
constexpr uint16 short_weight_sign = 0x0040;
constexpr uint16 short_weight_mask = 0x003F;

constexpr uint16 long_scale_mask = 0x3FFF;

}  // namespace

NumericText numeric_text(const char* data, int length, int16* digits, int digits_room, char* buffer,
                         size_t buffer_size) {
  uint16 header;
  memcpy(&header, data, sizeof header);

  NumericDigits number{};
  int header_size = sizeof header;
  switch (header & form_mask) {
    case form_special:
      switch (header & special_mask) {
        case special_infinity:
          return {"Infinity", 8};
        case special_negative_infinity:
          return {"-Infinity", 9};
        default:
          return {"NaN", 3};
      }
    case form_short:
      number.negative = (header & short_sign) != 0;
      number.display_scale = (header & short_scale_mask) >> short_scale_shift;
      number.weight = header & short_weight_mask;
      if ((header & short_weight_sign) != 0) number.weight |= ~static_cast<int32>(short_weight_mask);
      break;
    default: {
      int16 weight;
      memcpy(&weight, data + sizeof header, sizeof weight);
      header_size += sizeof weight;
      number.negative = (header & form_mask) == form_negative;
      number.display_scale = header & long_scale_mask;
      number.weight = weight;
      break;
    }
  }

  // Behind a one-byte varlena header the digits are not aligned.
  number.count = (length - header_size) / static_cast<int>(sizeof(int16));
  int16* aligned = number.count <= digits_room
                       ? digits
                       : static_cast<int16*>(palloc(sizeof(int16) * static_cast<size_t>(number.count)));
  memcpy(aligned, data + header_size, sizeof(int16) * static_cast<size_t>(number.count));
  number.digits = aligned;

  const size_t bound = numeric_text_bound(number);
  char* text = bound <= buffer_size ? buffer : static_cast<char*>(palloc(bound));
  return {text, static_cast<size_t>(write_numeric(text, number) - text)};
}

}  // namespace pg_takeout
