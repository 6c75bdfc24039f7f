// The SQL functions mask_ip(inet), mask_ip_text(text) and mask_inside(anyelement).
#include "postgres.hpp"

#include <sys/socket.h>

#include "mask_datum.hpp"

namespace pg_takeout {

namespace {

// Kept from call to call in fn_extra.
struct MaskInside {
  Oid type;
  AddressMasker* masker;  // null: values of the type hold no addresses
};

MaskInside* plan_of_call(FmgrInfo* function) {
  const Oid type = get_fn_expr_argtype(function, 0);
  if (!OidIsValid(type))
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("could not determine the type of the value to mask")));

  auto* plan = static_cast<MaskInside*>(function->fn_extra);
  if (plan != nullptr && plan->type == type) return plan;

  plan = static_cast<MaskInside*>(MemoryContextAllocZero(function->fn_mcxt, sizeof(MaskInside)));
  plan->masker = make_address_masker(type, function->fn_mcxt);
  plan->type = type;
  function->fn_extra = plan;
  return plan;
}

// As inet's input function, whose error would show the text, and with it addresses, to whoever reads a governed view.
Network parse_address(const char* text) {
  constexpr int no_size = -1;  // all of the address is written out
  Network network{};
  network.version = strchr(text, ':') != nullptr ? 6 : 4;
  const int family = network.version == 6 ? PGSQL_AF_INET6 : PGSQL_AF_INET;
  const int bits = pg_inet_net_pton(family, text, network.address, no_size);
  if (bits < 0 || bits > (network.version == 6 ? 128 : 32))
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("text in a masked column is not an IP address"),
             errdetail("It is not shown, because it may hold addresses."),
             errhint("Mask it in a view of your own and make that the source, or leave the column out of the "
                     "dataset's columns.")));
  network.prefix = static_cast<uint8>(bits);
  return network;
}

}  // namespace

}  // namespace pg_takeout

extern "C" {

PG_FUNCTION_INFO_V1(takeout_mask_ip);
PG_FUNCTION_INFO_V1(takeout_mask_ip_text);
PG_FUNCTION_INFO_V1(takeout_mask_inside);

PGDLLEXPORT Datum takeout_mask_ip(PG_FUNCTION_ARGS) {
  PG_RETURN_DATUM(pg_takeout::mask_address_value(PG_GETARG_DATUM(0)));
}

PGDLLEXPORT Datum takeout_mask_ip_text(PG_FUNCTION_ARGS) {
  pg_takeout::Network network = pg_takeout::parse_address(text_to_cstring(PG_GETARG_TEXT_PP(0)));
  pg_takeout::mask_by_settings(&network);
  PG_RETURN_INET_P(pg_takeout::inet_of(network));
}

PGDLLEXPORT Datum takeout_mask_inside(PG_FUNCTION_ARGS) {
  const pg_takeout::MaskInside* plan = pg_takeout::plan_of_call(fcinfo->flinfo);
  const Datum value = PG_GETARG_DATUM(0);
  if (plan->masker == nullptr) PG_RETURN_DATUM(value);
  PG_RETURN_DATUM(pg_takeout::mask_addresses(plan->masker, value));
}

}  // extern "C"
