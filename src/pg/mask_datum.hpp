// Addresses inside values of any type: domains, arrays, composites, ranges and multiranges over inet and cidr.
//
// All of this calls PostgreSQL and may raise an error.
#pragma once

#include "postgres.hpp"

#include <sys/socket.h>

#include "../core/address_mask.hpp"
#include "settings.hpp"

namespace pg_takeout {

struct AddressMasker;

// The network of a detoasted (at least packed) inet or cidr value, and the value of a network.
inline void read_network(const inet* address, Network* network) {
  const auto* value = reinterpret_cast<const inet_struct*>(VARDATA_ANY(address));
  network->prefix = value->bits;
  network->version = value->family == PGSQL_AF_INET ? 4 : 6;
  if (network->version == 4) {
    memcpy(network->address, value->ipaddr, 4);
    memset(network->address + 4, 0, 12);
  } else {
    memcpy(network->address, value->ipaddr, 16);
  }
}
[[nodiscard]] inet* inet_of(const Network& network);

// Clears host bits and holds the prefix to takeout.ipv4_prefix and takeout.ipv6_prefix.
inline void mask_by_settings(Network* network) {
  mask_address(network, {static_cast<uint8>(settings::ipv4_prefix), static_cast<uint8>(settings::ipv6_prefix)});
}
// Of an inet or cidr value.
[[nodiscard]] Datum mask_address_value(Datum value);

// Whether a value of the type can hold an address. True for types that only a value can tell about: record, anyarray.
[[nodiscard]] bool type_holds_addresses(Oid type);

// A plan to mask values of the type, in `context`; null where its values hold no addresses. It resolves the columns of
// rows when it meets them, so it follows ALTER TYPE.
[[nodiscard]] AddressMasker* make_address_masker(Oid type, MemoryContext context);

// The value with every address inside it masked, as a value of the same type: inet stays inet, with the masked value
// and prefix. A copy in CurrentMemoryContext, or the value itself where there was nothing to mask. Constraints of
// domains are not checked again.
[[nodiscard]] Datum mask_addresses(AddressMasker* masker, Datum value);

// The same without a plan to keep.
[[nodiscard]] Datum mask_datum(Datum value, Oid type);

}  // namespace pg_takeout
