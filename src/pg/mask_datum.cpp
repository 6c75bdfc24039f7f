#include "postgres.hpp"

#include "mask_datum.hpp"

extern "C" {
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
}

#include "compat.hpp"

namespace pg_takeout {

namespace {

enum class Shape : uint8 { address, array, row, range, multirange };

// A type on the way down, to end at types that contain themselves.
struct Ancestor {
  Oid type;
  const Ancestor* parent;
};

bool holds_addresses(Oid declared_type, const Ancestor* parent) {
  check_stack_depth();
  const Oid type = getBaseType(declared_type);
  switch (type) {
    case INETOID:
    case CIDROID:
    case RECORDOID:
    case ANYARRAYOID:
      return true;
    default:
      break;
  }
  for (const Ancestor* ancestor = parent; ancestor != nullptr; ancestor = ancestor->parent)
    if (ancestor->type == type) return false;
  const Ancestor self{type, parent};

  const Oid element = get_element_type(type);
  if (OidIsValid(element)) return holds_addresses(element, &self);

  switch (get_typtype(type)) {
    case TYPTYPE_RANGE:
      return holds_addresses(get_range_subtype(type), &self);
    case TYPTYPE_MULTIRANGE:
      return holds_addresses(get_multirange_range(type), &self);
    case TYPTYPE_COMPOSITE: {
      TupleDesc row_type = lookup_rowtype_tupdesc(type, -1);
      bool found = false;
      for (int i = 0; i < row_type->natts && !found; ++i) {
        const Form_pg_attribute attribute = TupleDescAttr(row_type, i);
        found = !attribute->attisdropped && holds_addresses(attribute->atttypid, &self);
      }
      ReleaseTupleDesc(row_type);
      return found;
    }
    default:
      return false;
  }
}

}  // namespace

struct AddressMasker {
  Shape shape;
  Oid type;  // no domain
  MemoryContext context;

  AddressMasker* inner;  // of an array's elements, a range's bounds, a multirange's ranges; null: nothing to mask
  TypeCacheEntry* range;

  // The element type that `inner` was made for, and how its values are stored.
  Oid element;
  int16 element_length;
  bool element_by_value;
  char element_alignment;

  // The row type that `columns` was made for, by the identifier that PostgreSQL changes whenever the type changes.
  uint64 row_identifier;
  MemoryContext row_context;
  AddressMasker** columns;  // null: no column holds addresses; a null element: that column does not
};

namespace {

// The element type is the value's own: a column of type anyarray (pg_stats has some) can hold any.
void resolve_elements(AddressMasker* masker, Oid element) {
  if (masker->element == element) return;
  masker->element = InvalidOid;
  masker->inner = make_address_masker(element, masker->context);
  get_typlenbyvalalign(element, &masker->element_length, &masker->element_by_value, &masker->element_alignment);
  masker->element = element;
}

Datum mask_array(AddressMasker* masker, Datum value) {
  ArrayType* array = DatumGetArrayTypeP(value);
  resolve_elements(masker, ARR_ELEMTYPE(array));
  if (masker->inner == nullptr || ARR_NDIM(array) == 0) return value;

  Datum* elements;
  bool* nulls;
  int count;
  deconstruct_array(array, masker->element, masker->element_length, masker->element_by_value, masker->element_alignment,
                    &elements, &nulls, &count);
  for (int i = 0; i < count; ++i) {
    if ((i & 1023) == 1023) CHECK_FOR_INTERRUPTS();
    if (!nulls[i]) elements[i] = mask_addresses(masker->inner, elements[i]);
  }
  return PointerGetDatum(construct_md_array(elements, nulls, ARR_NDIM(array), ARR_DIMS(array), ARR_LBOUND(array),
                                            masker->element, masker->element_length, masker->element_by_value,
                                            masker->element_alignment));
}

void resolve_columns(AddressMasker* masker, TupleDesc row_type, uint64 identifier) {
  if (masker->row_identifier == identifier) return;
  masker->row_identifier = 0;
  masker->columns = nullptr;
  if (masker->row_context == nullptr)
    masker->row_context = AllocSetContextCreate(masker->context, "masked row type", ALLOCSET_SMALL_SIZES);
  else
    MemoryContextReset(masker->row_context);

  auto** columns = static_cast<AddressMasker**>(
      MemoryContextAllocZero(masker->row_context, sizeof(AddressMasker*) * static_cast<Size>(row_type->natts + 1)));
  bool found = false;
  for (int i = 0; i < row_type->natts; ++i) {
    const Form_pg_attribute attribute = TupleDescAttr(row_type, i);
    if (!attribute->attisdropped) columns[i] = make_address_masker(attribute->atttypid, masker->row_context);
    found = found || columns[i] != nullptr;
  }
  masker->columns = found ? columns : nullptr;
  masker->row_identifier = identifier;
}

Datum mask_row(AddressMasker* masker, Datum value) {
  HeapTupleHeader row = DatumGetHeapTupleHeader(value);
  const Oid type = HeapTupleHeaderGetTypeId(row);
  const int32 typmod = HeapTupleHeaderGetTypMod(row);
  TupleDesc row_type = lookup_rowtype_tupdesc(type, typmod);
  resolve_columns(masker, row_type, assign_record_type_identifier(type, typmod));

  if (masker->columns != nullptr) {
    HeapTupleData tuple;
    tuple.t_len = HeapTupleHeaderGetDatumLength(row);
    ItemPointerSetInvalid(&tuple.t_self);
    tuple.t_tableOid = InvalidOid;
    tuple.t_data = row;

    const auto count = static_cast<Size>(row_type->natts);
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * count));
    auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * count));
    heap_deform_tuple(&tuple, row_type, values, nulls);
    for (Size i = 0; i < count; ++i) {
      if (TupleDescAttr(row_type, static_cast<int>(i))->attisdropped) nulls[i] = true;
      if (!nulls[i] && masker->columns[i] != nullptr) values[i] = mask_addresses(masker->columns[i], values[i]);
    }
    value = HeapTupleGetDatum(heap_form_tuple(row_type, values, nulls));
  }
  ReleaseTupleDesc(row_type);
  return value;
}

// Two bounds may be masked to the same network, or to networks in the other order (an IPv4-mapped address keeps more
// bits than the IPv6 addresses around it). Such a range becomes the closed one between the two, so that it is valid and
// does not turn empty.
Datum mask_range(AddressMasker* masker, Datum value) {
  RangeBound lower;
  RangeBound upper;
  bool empty;
  range_deserialize(masker->range, DatumGetRangeTypeP(value), &lower, &upper, &empty);
  if (empty) return value;

  if (!lower.infinite) lower.val = mask_addresses(masker->inner, lower.val);
  if (!upper.infinite) upper.val = mask_addresses(masker->inner, upper.val);
  if (!lower.infinite && !upper.infinite) {
    const int order = range_cmp_bound_values(masker->range, &lower, &upper);
    if (order > 0) {
      const Datum higher = lower.val;
      lower.val = upper.val;
      upper.val = higher;
    }
    if (order >= 0) lower.inclusive = upper.inclusive = true;
  }
  return RangeTypePGetDatum(make_range_value(masker->range, &lower, &upper));
}

// make_multirange() sorts the ranges and joins those that now meet.
Datum mask_multirange(AddressMasker* masker, Datum value) {
  int32 count;
  RangeType** ranges;
  multirange_deserialize(masker->range, DatumGetMultirangeTypeP(value), &count, &ranges);
  for (int32 i = 0; i < count; ++i)
    ranges[i] = DatumGetRangeTypeP(mask_addresses(masker->inner, RangeTypePGetDatum(ranges[i])));
  return MultirangeTypePGetDatum(make_multirange(masker->type, masker->range, count, ranges));
}

}  // namespace

inet* inet_of(const Network& network) {
  auto* address = static_cast<inet*>(palloc(sizeof(inet)));
  memset(address, 0, sizeof(inet));
  const bool is_ipv4 = network.version == 4;
  address->inet_data.family = is_ipv4 ? PGSQL_AF_INET : PGSQL_AF_INET6;
  address->inet_data.bits = network.prefix;
  memcpy(address->inet_data.ipaddr, network.address, 16);  // zero behind an IPv4 address
  SET_INET_VARSIZE(address);
  return address;
}

Datum mask_address_value(Datum value) {
  Network network;
  read_network(DatumGetInetPP(value), &network);
  mask_by_settings(&network);
  return InetPGetDatum(inet_of(network));
}

bool type_holds_addresses(Oid type) { return holds_addresses(type, nullptr); }

AddressMasker* make_address_masker(Oid declared_type, MemoryContext context) {
  const Oid type = getBaseType(declared_type);
  if (!type_holds_addresses(type)) return nullptr;

  auto* masker = static_cast<AddressMasker*>(MemoryContextAllocZero(context, sizeof(AddressMasker)));
  masker->type = type;
  masker->context = context;
  if (type == INETOID || type == CIDROID) {
    masker->shape = Shape::address;
  } else if (type == ANYARRAYOID || OidIsValid(get_element_type(type))) {
    masker->shape = Shape::array;
  } else if (type_is_range(type)) {
    masker->shape = Shape::range;
    masker->range = lookup_type_cache(type, TYPECACHE_RANGE_INFO);
    masker->inner = make_address_masker(masker->range->rngelemtype->type_id, context);
  } else if (type_is_multirange(type)) {
    masker->shape = Shape::multirange;
    masker->range = lookup_type_cache(type, TYPECACHE_MULTIRANGE_INFO)->rngtype;
    masker->inner = make_address_masker(masker->range->type_id, context);
  } else {
    masker->shape = Shape::row;
  }
  return masker;
}

Datum mask_addresses(AddressMasker* masker, Datum value) {
  check_stack_depth();
  switch (masker->shape) {
    case Shape::address:
      return mask_address_value(value);
    case Shape::array:
      return mask_array(masker, value);
    case Shape::row:
      return mask_row(masker, value);
    case Shape::range:
      return mask_range(masker, value);
    case Shape::multirange:
      return mask_multirange(masker, value);
  }
  pg_unreachable();
}

Datum mask_datum(Datum value, Oid type) {
  AddressMasker* masker = make_address_masker(type, CurrentMemoryContext);
  return masker == nullptr ? value : mask_addresses(masker, value);
}

}  // namespace pg_takeout
