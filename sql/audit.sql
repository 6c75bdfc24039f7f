-- Who reads the record of exports.
\set SHOW_CONTEXT never
CREATE ROLE regress_takeout_auditor;
SET ROLE regress_takeout_auditor;
SELECT count(*) FROM takeout.audit_log;
SELECT * FROM takeout.verify_audit();
RESET ROLE;

-- What the DBA grants.
GRANT SELECT ON takeout.audit_log TO regress_takeout_auditor;
GRANT EXECUTE ON FUNCTION takeout.read_audit(), takeout.verify_audit() TO regress_takeout_auditor;
SET ROLE regress_takeout_auditor;
SELECT event FROM takeout.audit_log ORDER BY seq LIMIT 1;
SELECT count(*) > 0 AS has_lines, count(*) = count(DISTINCT seq) AS numbered_once, bool_and(hash ~ '^[0-9a-f]{64}$') AS hashed
FROM takeout.audit_log;
-- Read until it is enough.
SELECT (takeout.read_audit()).line LIMIT 1;
SELECT * FROM takeout.verify_audit();
RESET ROLE;

-- Who sees and sets its settings.
SELECT name, context, unit FROM pg_settings WHERE name LIKE 'takeout.audit%' ORDER BY name COLLATE "C";
SET ROLE regress_takeout_auditor;
SET takeout.audit_sha256 = off;
SET takeout.audit_keep = '1d';
RESET ROLE;
SET takeout.audit_sha256 = off;
RESET takeout.audit_sha256;

DROP OWNED BY regress_takeout_auditor;
DROP ROLE regress_takeout_auditor;
