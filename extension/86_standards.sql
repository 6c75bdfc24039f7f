-- The open standards as functions, for CHECK constraints. They are immutable, so a list that grows, such as the countries,
-- changes with the library only: rows that an older one accepted are not looked at again.

CREATE FUNCTION takeout.is_email(value text) RETURNS boolean
  AS 'MODULE_PATHNAME', 'takeout_is_email' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION takeout.is_email(text) IS
  'Whether it is an email address: RFC 5322 (once RFC 822), lengths of RFC 5321, internationalised ones of RFC 6531';

CREATE FUNCTION takeout.is_uuid(value text) RETURNS boolean
  AS 'MODULE_PATHNAME', 'takeout_is_uuid' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION takeout.is_uuid(text) IS 'Whether it is a UUID in the text form of RFC 9562 (once RFC 4122)';

CREATE FUNCTION takeout.is_country(value text) RETURNS boolean
  AS 'MODULE_PATHNAME', 'takeout_is_country' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION takeout.is_country(text) IS 'Whether it is an assigned ISO 3166-1 alpha-2 code, upper case';

CREATE FUNCTION takeout.is_phone(value text) RETURNS boolean
  AS 'MODULE_PATHNAME', 'takeout_is_phone' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION takeout.is_phone(text) IS 'Whether it is an international telephone number of E.164: + and 7 to 15 digits';

CREATE FUNCTION takeout.is_timestamp(value text) RETURNS boolean
  AS 'MODULE_PATHNAME', 'takeout_is_timestamp' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION takeout.is_timestamp(text) IS
  'Whether it is a calendar date with a time of day, as ISO 8601 and RFC 3339 write it';

CREATE FUNCTION takeout.is_date(value text) RETURNS boolean
  AS 'MODULE_PATHNAME', 'takeout_is_date' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION takeout.is_date(text) IS 'Whether it is a calendar date, as ISO 8601 writes it';

CREATE FUNCTION takeout.is_url(value text) RETURNS boolean
  AS 'MODULE_PATHNAME', 'takeout_is_url' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION takeout.is_url(text) IS 'Whether it is a URI of RFC 3986 with a host';

CREATE FUNCTION takeout.is_language(value text) RETURNS boolean
  AS 'MODULE_PATHNAME', 'takeout_is_language' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION takeout.is_language(text) IS 'Whether it is a well-formed language tag of BCP 47 (RFC 5646)';

CREATE FUNCTION takeout.is_ip_network(value text) RETURNS boolean
  AS 'MODULE_PATHNAME', 'takeout_is_ip_network' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION takeout.is_ip_network(text) IS
  'Whether it is an IP network with the length of its prefix: RFC 4632, RFC 4291';

CREATE FUNCTION takeout.country_codes() RETURNS text[]
  AS 'MODULE_PATHNAME', 'takeout_country_codes' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION takeout.country_codes() IS 'The codes that is_country() knows, in alphabetical order';
