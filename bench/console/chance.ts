// Chance that comes out the same every time: hashes of a row's number, as SQL functions in a schema of their own that is
// dropped at the end of the fill.

export const CHANCE_SQL = `
drop schema if exists bench cascade;
create schema bench;
-- From 0 to 1, the same for the same number and salt.
create function bench.unit(n bigint, salt int) returns float8 language sql immutable parallel safe
  return (hashint8extended(n, salt) & 4503599627370495)::float8 / 4503599627370496;
create function bench.up_to(n bigint, salt int, most bigint) returns bigint language sql immutable parallel safe
  return floor((hashint8extended(n, salt) & 4503599627370495)::float8 / 4503599627370496 * most)::bigint;
create function bench.pick(options text[], n bigint, salt int) returns text language sql immutable parallel safe
  return options[1 + floor((hashint8extended(n, salt) & 4503599627370495)::float8 / 4503599627370496 * cardinality(options))::int];
-- Eight hexadecimal digits that look like chance and never come twice: an odd factor turns 32 bits about one to one.
create function bench.hex8(n bigint) returns text language sql immutable parallel safe
  return lpad(to_hex((n * 2654435761) & 4294967295), 8, '0');
create function bench.hex17(n bigint, salt int) returns text language sql immutable parallel safe
  return lpad(to_hex((n * 2654435761) & 4294967295), 8, '0') || substr(md5(n::text || salt::text), 1, 9);
create function bench.uuid(n bigint, salt int) returns text language sql immutable parallel safe
  return md5(n::text || '/' || salt::text)::uuid::text;
-- Every workspace has one AWS target.
create function bench.target(workspace text) returns text language sql immutable parallel safe
  return 'target-' || left(md5(workspace), 17);
-- ISO 8601 in UTC.
create function bench.iso(at timestamptz) returns text language sql stable parallel safe
  return replace((at at time zone 'UTC')::timestamp(3)::text, ' ', 'T') || 'Z';
`;
