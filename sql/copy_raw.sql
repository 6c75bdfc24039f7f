-- COPY … TO STDOUT (FORMAT raw): the bytes of one column and nothing else.
SET client_min_messages = warning;
CREATE SCHEMA raw_test;
SET search_path = raw_test;

COPY (SELECT 'line ' || n || chr(10) FROM generate_series(1, 3) n) TO STDOUT (FORMAT raw);
COPY (SELECT convert_to(E'a\tb\\ "c", ä\n', 'UTF8')) TO STDOUT (FORMAT 'raw');
COPY (VALUES (E'one\n'), (NULL), (''), (E'two\n')) TO STDOUT (format RAW);
COPY (SELECT 'nothing' WHERE false) TO STDOUT (FORMAT raw);

-- Text that the client's encoding has not.
SET client_encoding = latin1;
COPY (SELECT E'\u20AC') TO STDOUT (FORMAT raw);
RESET client_encoding;

-- bytea and text, domains over them and varchar; one column; nothing else.
CREATE DOMAIN document AS bytea;
CREATE DOMAIN note AS varchar(20);
COPY (SELECT E'\\x646f6d61696e0a'::document) TO STDOUT (FORMAT raw);
COPY (SELECT E'note\n'::note) TO STDOUT (FORMAT raw);
COPY (SELECT 42) TO STDOUT (FORMAT raw);
COPY (SELECT '{}'::jsonb AS settings) TO STDOUT (FORMAT raw);
COPY (SELECT 'x'::char(3)) TO STDOUT (FORMAT raw);
COPY (SELECT 'x'::name) TO STDOUT (FORMAT raw);
COPY (SELECT ARRAY['x']) TO STDOUT (FORMAT raw);
COPY (SELECT 'a', 'b') TO STDOUT (FORMAT raw);
COPY (SELECT) TO STDOUT (FORMAT raw);
COPY (SELECT c FROM (SELECT 1, 'x') c) TO STDOUT (FORMAT raw);
COPY (SELECT no_such_column) TO STDOUT (FORMAT raw);

-- A table: its own rows, without its children's; not its generated columns.
CREATE TABLE file (part bytea, twice bytea GENERATED ALWAYS AS (part || part) STORED);
INSERT INTO file VALUES (E'\\x66696c650a');
CREATE TABLE child_file () INHERITS (file);
INSERT INTO child_file VALUES (E'\\x6368696c640a');
COPY file TO STDOUT (FORMAT raw);
COPY raw_test.file (part) TO STDOUT (FORMAT raw);
COPY (TABLE file) TO STDOUT (FORMAT raw);
COPY file (twice) TO STDOUT (FORMAT raw);
COPY file (part, part) TO STDOUT (FORMAT raw);
COPY file (missing) TO STDOUT (FORMAT raw);
COPY file (ctid) TO STDOUT (FORMAT raw);
CREATE TABLE empty_row ();
COPY empty_row TO STDOUT (FORMAT raw);
CREATE VIEW file_view AS SELECT part FROM file;
CREATE SEQUENCE numbers;
CREATE TABLE parted (part text) PARTITION BY LIST (part);
COPY file_view TO STDOUT (FORMAT raw);
COPY numbers TO STDOUT (FORMAT raw);
COPY parted TO STDOUT (FORMAT raw);
COPY no_such_table TO STDOUT (FORMAT raw);

-- Commands that write, where they return something.
CREATE TABLE note_book (id int PRIMARY KEY, line text);
COPY (INSERT INTO note_book SELECT n, 'new ' || n || chr(10) FROM generate_series(1, 3) n RETURNING line)
  TO STDOUT (FORMAT raw);
COPY (UPDATE note_book SET line = 'changed ' || line WHERE id = 2 RETURNING line) TO STDOUT (FORMAT raw);
COPY (DELETE FROM note_book WHERE id = 1 RETURNING line) TO STDOUT (FORMAT raw);
COPY (DELETE FROM note_book) TO STDOUT (FORMAT raw);
COPY (WITH gone AS (DELETE FROM note_book WHERE id = 3 RETURNING line) SELECT 'gone: ' || line FROM gone)
  TO STDOUT (FORMAT raw);
COPY (SELECT 'x'::text INTO elsewhere) TO STDOUT (FORMAT raw);
BEGIN;
INSERT INTO note_book VALUES (7, E'of this transaction\n');
COPY (SELECT line FROM note_book WHERE id = 7) TO STDOUT (FORMAT raw);
ROLLBACK;
COPY note_book (line) TO STDOUT (FORMAT raw);

CREATE TABLE ruled (line text);
CREATE TABLE diary (owner text, page text, secret text);
CREATE RULE skip AS ON INSERT TO ruled DO INSTEAD NOTHING;
CREATE RULE also AS ON DELETE TO ruled DO ALSO INSERT INTO note_book VALUES (8, 'x');
CREATE RULE maybe AS ON UPDATE TO ruled WHERE old.line = 'x' DO INSTEAD DELETE FROM diary;
CREATE RULE twice AS ON UPDATE TO note_book
  DO INSTEAD (DELETE FROM diary WHERE page = old.line; INSERT INTO diary VALUES ('x', 'y', new.line));
CREATE RULE notified AS ON DELETE TO note_book DO INSTEAD NOTIFY deletions;
COPY (INSERT INTO ruled VALUES ('x')) TO STDOUT (FORMAT raw);
COPY (DELETE FROM ruled RETURNING line) TO STDOUT (FORMAT raw);
COPY (UPDATE ruled SET line = 'y') TO STDOUT (FORMAT raw);
COPY (UPDATE note_book SET line = 'y') TO STDOUT (FORMAT raw);
COPY (DELETE FROM note_book) TO STDOUT (FORMAT raw);
DROP RULE twice ON note_book;
DROP RULE notified ON note_book;

-- Read-only transactions.
BEGIN READ ONLY;
COPY (SELECT E'read\n') TO STDOUT (FORMAT raw);
COPY (DELETE FROM note_book RETURNING line) TO STDOUT (FORMAT raw);
ROLLBACK;

-- Only to the client, with no further option, not from within a function.
COPY note_book (line) TO '/tmp/never' (FORMAT raw);
COPY note_book (line) TO PROGRAM 'cat' (FORMAT raw);
COPY note_book (line) TO STDOUT (FORMAT raw, DELIMITER ';');
COPY note_book (line) TO STDOUT (HEADER, FORMAT raw);
COPY note_book (line) TO STDOUT (FORMAT raw, ENCODING 'LATIN1');
COPY note_book (line) TO STDOUT (FORMAT raw, FORMAT raw);
COPY note_book (line) TO STDOUT (FORMAT csv, FORMAT raw);
DO $$ BEGIN COPY raw_test.note_book (line) TO STDOUT (FORMAT raw); END $$;
CREATE FUNCTION copies() RETURNS void LANGUAGE sql AS 'COPY raw_test.note_book (line) TO STDOUT (FORMAT raw)';
SELECT copies();

-- An error in the middle ends the copy and nothing more.
COPY (SELECT 'part ' || 6 / (3 - n) || chr(10) FROM generate_series(1, 3) n) TO STDOUT (FORMAT raw);
COPY (SELECT E'the session goes on\n') TO STDOUT (FORMAT raw);
BEGIN;
SAVEPOINT before;
COPY (SELECT 'part ' || 6 / (3 - n) || chr(10) FROM generate_series(1, 3) n) TO STDOUT (FORMAT raw);
ROLLBACK TO before;
COPY (SELECT E'the transaction too\n') TO STDOUT (FORMAT raw);
COMMIT;

-- Privileges and row security are as with any COPY.
CREATE ROLE regress_takeout_reader;
INSERT INTO diary VALUES ('regress_takeout_reader', E'mine\n', 's'), ('somebody', E'not mine\n', 's');
GRANT USAGE ON SCHEMA raw_test TO regress_takeout_reader;
SET ROLE regress_takeout_reader;
COPY diary (page) TO STDOUT (FORMAT raw);
COPY (SELECT page FROM diary) TO STDOUT (FORMAT raw);
RESET ROLE;
GRANT SELECT (page, owner) ON diary TO regress_takeout_reader;
SET ROLE regress_takeout_reader;
COPY diary (page) TO STDOUT (FORMAT raw);
COPY diary (secret) TO STDOUT (FORMAT raw);
COPY diary TO STDOUT (FORMAT raw);
RESET ROLE;
ALTER TABLE diary ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON diary USING (owner = current_user);
SET ROLE regress_takeout_reader;
COPY diary (page) TO STDOUT (FORMAT raw);
SET row_security = off;
COPY diary (page) TO STDOUT (FORMAT raw);
RESET row_security;
RESET ROLE;
COPY diary (page) TO STDOUT (FORMAT raw);

-- The other formats are PostgreSQL's.
COPY note_book TO STDOUT (FORMAT csv, HEADER);
COPY note_book TO STDOUT (FORMAT rare);
COPY note_book FROM STDIN (FORMAT raw);

RESET search_path;
DROP SCHEMA raw_test CASCADE;
DROP ROLE regress_takeout_reader;
