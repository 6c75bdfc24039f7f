CREATE EXTENSION pg_takeout;
INSERT INTO takeout.members VALUES (quote_ident(session_user)::regrole, 'default');
