-- The record of all exports, of every database of the server: it is in files, so that no transaction undoes it.

CREATE FUNCTION takeout.read_audit(
  OUT file text, OUT line bigint, OUT seq bigint, OUT "time" timestamptz, OUT event text, OUT export bigint,
  OUT node text, OUT pid integer, OUT database text, OUT role text, OUT client_address inet, OUT application_name text,
  OUT tenant text, OUT dataset text, OUT format text, OUT method text, OUT filter json,
  OUT part_of bigint, OUT "rows" bigint, OUT bytes bigint, OUT sha256 text, OUT sqlstate text, OUT reason text, OUT suppressed bigint, OUT prev text, OUT hash text)
RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'takeout_read_audit' LANGUAGE c VOLATILE PARALLEL RESTRICTED ROWS 100000;
COMMENT ON FUNCTION takeout.read_audit() IS 'The lines of the audit''s files; what takeout.audit_log shows';

CREATE VIEW takeout.audit_log AS SELECT a.* FROM takeout.read_audit() a;
COMMENT ON VIEW takeout.audit_log IS
  'Every export and every refusal, of all databases of this server, in the order they were recorded';
COMMENT ON COLUMN takeout.audit_log.file IS 'File in takeout.audit_directory';
COMMENT ON COLUMN takeout.audit_log.line IS 'Line in the file; where nothing else is known, it is damaged';
COMMENT ON COLUMN takeout.audit_log.seq IS 'Number of the line over all files';
COMMENT ON COLUMN takeout.audit_log."time" IS 'When it was recorded';
COMMENT ON COLUMN takeout.audit_log.event IS
  'INTENT before the first row is read, then COMPLETE, FAILED or ABANDONED; DENIED for a refusal; SEGMENT, RECOVERED, REMOVED of the files';
COMMENT ON COLUMN takeout.audit_log.export IS 'seq of the export''s INTENT';
COMMENT ON COLUMN takeout.audit_log.node IS 'The server: cluster_name, or its host and port';
COMMENT ON COLUMN takeout.audit_log.pid IS 'Process id of the backend';
COMMENT ON COLUMN takeout.audit_log.database IS 'Database that was exported from';
COMMENT ON COLUMN takeout.audit_log.role IS 'The role that logged in (session_user)';
COMMENT ON COLUMN takeout.audit_log.client_address IS 'Address of the client; NULL over a socket of the server''s own host';
COMMENT ON COLUMN takeout.audit_log.application_name IS 'application_name of the session';
COMMENT ON COLUMN takeout.audit_log.tenant IS 'The tenant whose rows were asked for';
COMMENT ON COLUMN takeout.audit_log.dataset IS 'The dataset';
COMMENT ON COLUMN takeout.audit_log.format IS 'Format of the file';
COMMENT ON COLUMN takeout.audit_log.method IS
  'export, export_stream, export_page, violations or conformance; export_parts and export_part for an export in parts';
COMMENT ON COLUMN takeout.audit_log.filter IS 'What narrowed the export; of ids their count and hash';
COMMENT ON COLUMN takeout.audit_log.part_of IS
  'seq of the INTENT of the export that this one is a part of; its COMPLETE has the sums';
COMMENT ON COLUMN takeout.audit_log."rows" IS 'Rows written to the file, so far where it has no COMPLETE';
COMMENT ON COLUMN takeout.audit_log.bytes IS 'Bytes handed to the client, so far where it has no COMPLETE';
COMMENT ON COLUMN takeout.audit_log.sha256 IS 'SHA-256 of these bytes; NULL where takeout.audit_sha256 was off';
COMMENT ON COLUMN takeout.audit_log.sqlstate IS 'Why it failed or was refused';
COMMENT ON COLUMN takeout.audit_log.reason IS 'The same in words, for lines that have them';
COMMENT ON COLUMN takeout.audit_log.suppressed IS
  'How many refusals of this role and SQLSTATE since the one recorded before have no line of their own; NULL for none';
COMMENT ON COLUMN takeout.audit_log.prev IS 'Hash of the line before';
COMMENT ON COLUMN takeout.audit_log.hash IS 'SHA-256 of prev and the line';

CREATE FUNCTION takeout.verify_audit(OUT file text, OUT line bigint, OUT finding text)
RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'takeout_verify_audit' LANGUAGE c VOLATILE PARALLEL RESTRICTED ROWS 10;
COMMENT ON FUNCTION takeout.verify_audit() IS
  'Checks the chain of the audit''s lines: a row for each line that was changed, and where lines are missing; none is good';
