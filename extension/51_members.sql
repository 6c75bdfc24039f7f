-- Whose rows a role may have. Everything that leaves goes by this: exports, and what the governed views show.

CREATE TABLE takeout.members (
  role    regrole NOT NULL,
  tenant  text NOT NULL CHECK (tenant <> ''),
  PRIMARY KEY (role, tenant)
);
COMMENT ON TABLE takeout.members IS
  'Which tenants'' rows a role may export and see in the governed views: the role that logged in, not one it took on by SET ROLE';
COMMENT ON COLUMN takeout.members.role IS 'The role, by what it is and not by its name: a new role of an old name inherits nothing';
COMMENT ON COLUMN takeout.members.tenant IS 'The tenant, as the tenant columns of the datasets write it; * is every tenant';
REVOKE ALL ON takeout.members FROM PUBLIC;
-- A row of a role that is gone would be dumped as a number, which is another role where it is restored.
SELECT pg_catalog.pg_extension_config_dump(
  'takeout.members', 'WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid OPERATOR(pg_catalog.=) role)');

CREATE FUNCTION takeout.current_tenants() RETURNS text[]
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'takeout_current_tenants';
COMMENT ON FUNCTION takeout.current_tenants() IS
  'The tenants whose rows the governed views show: those of the role that logged in, or the one that it acts for; 42501 where there is none';

CREATE FUNCTION takeout.act_for(tenant text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'takeout_act_for';
COMMENT ON FUNCTION takeout.act_for(text) IS
  'Narrows the governed views, and exports that name no tenant, to one tenant of those that the role is a member of, until the transaction ends; NULL lifts that';
