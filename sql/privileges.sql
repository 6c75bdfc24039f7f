-- Who may call and read what.
\set SHOW_CONTEXT never
-- Everybody: these, and nothing that is not in this list. Without frames, so that a new name is one new line.
\pset format unaligned
\pset tuples_only
SELECT p.oid::regprocedure AS everybody_may_call
FROM pg_proc p
WHERE p.pronamespace = 'takeout'::regnamespace
  AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))
ORDER BY p.oid::regprocedure::text COLLATE "C";
-- Nobody but the owner of the extension.
SELECT p.oid::regprocedure AS only_the_owner_may_call
FROM pg_proc p
WHERE p.pronamespace = 'takeout'::regnamespace
  AND NOT (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))
ORDER BY p.oid::regprocedure::text COLLATE "C";
\pset tuples_only off
\pset format aligned
SELECT nspacl FROM (SELECT (a.grantee = 0) AS everybody, string_agg(a.privilege_type, ' ') AS nspacl
                    FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'takeout' GROUP BY 1) acl
WHERE everybody;
SELECT c.relname, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a
WHERE c.relnamespace = 'takeout'::regnamespace AND a.grantee <> c.relowner;

-- Every object has a comment.
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'takeout'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'takeout'::regnamespace AND c.relkind IN ('r', 'v')
  AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL);
SELECT obj_description('takeout'::regnamespace) IS NOT NULL AS schema_has_a_comment;

-- What runs as its owner or parses its body when called pins its search path; nothing written in C does.
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'takeout'::regnamespace
  AND ((l.lanname = 'plpgsql' OR p.prosecdef) <> (coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp'])
       OR (l.lanname = 'sql' AND p.prosqlbody IS NULL));

-- These run as the owner of the extension, whoever calls.
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'takeout'::regnamespace AND p.prosecdef ORDER BY p.oid::regprocedure::text COLLATE "C";

-- The inner functions take the role they act for as an argument: nobody else may call them.
CREATE ROLE regress_takeout_nobody;
SET ROLE regress_takeout_nobody;
SELECT takeout.forget_dataset_for(10, 'leads');
SELECT * FROM takeout.limits;
SELECT * FROM takeout.secret;
RESET ROLE;
DROP ROLE regress_takeout_nobody;

-- The secret is there, once.
SELECT count(*), min(octet_length(key)) FROM takeout.secret;
INSERT INTO takeout.secret (key) VALUES ('\x00');
INSERT INTO takeout.secret (only_row, key) VALUES (false, sha256('x'));
-- It is not dumped; the rest of the configuration is.
\pset format unaligned
\pset tuples_only
SELECT c::regclass FROM pg_extension e, unnest(e.extconfig) c
WHERE e.extname = 'pg_takeout'
ORDER BY c::regclass::text COLLATE "C";
\pset tuples_only off
\pset format aligned

-- A schema that somebody else made first is refused.
DROP EXTENSION pg_takeout;
DROP SCHEMA takeout;
CREATE ROLE regress_takeout_squatter;
CREATE SCHEMA takeout AUTHORIZATION regress_takeout_squatter;
CREATE EXTENSION pg_takeout;
\echo :LAST_ERROR_SQLSTATE
DROP SCHEMA takeout;
DROP ROLE regress_takeout_squatter;
CREATE EXTENSION pg_takeout;
