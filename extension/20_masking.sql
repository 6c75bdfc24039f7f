CREATE FUNCTION takeout.mask_ip(address inet) RETURNS cidr
  AS 'MODULE_PATHNAME', 'takeout_mask_ip' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION takeout.mask_ip(inet) IS
  'the network that may leave for an address: IPv4 to /24, IPv6 to /48, embedded IPv4 addresses too; a shorter prefix stays';

CREATE FUNCTION takeout.mask_ip_text(address text) RETURNS cidr
  AS 'MODULE_PATHNAME', 'takeout_mask_ip_text' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION takeout.mask_ip_text(text) IS
  'the same of an address in text; the error for a text that is none does not show it';

CREATE FUNCTION takeout.mask_inside(value anyelement) RETURNS anyelement
  AS 'MODULE_PATHNAME', 'takeout_mask_inside' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION takeout.mask_inside(anyelement) IS
  'the same value with every address inside it masked: in domains, arrays, composites, ranges and multiranges; inet stays inet';
