"""Files are UTF-8 whatever the database's encoding, and what cannot become UTF-8 is refused."""

import json

import psycopg
import pytest

FORMATS = ["csv", "json", "jsonl", "xlsx"]


@pytest.fixture
def encoded(request, server):
    """A session in a database of the encoding."""
    name = f"in_{request.param.lower()}"
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING '{request.param}' TEMPLATE template0 LOCALE 'C'")
    try:
        with server.connect(dbname=name, client_encoding="UTF8" if request.param != "SQL_ASCII" else "SQL_ASCII") as connection:
            connection.execute("CREATE EXTENSION pg_takeout")
            connection.execute("INSERT INTO takeout.members VALUES (session_user::regrole, 'default')")
            yield connection
    finally:
        with server.connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("encoded, text", [
    ("LATIN1", "Köln, \"Ås\""), ("LATIN9", "5 €, œuvre"), ("WIN1251", "Привет, мир"), ("EUC_JP", "日本語, 東京"),
    ("KOI8R", "Привет"), ("EUC_KR", "한국어"), ("UTF8", "日本 \U0001f600"),
], indirect=["encoded"])
def test_a_database_of_another_encoding_is_converted(encoded, text):
    column = "spalte_" + text[0]
    encoded.execute(f'CREATE TABLE words (id integer PRIMARY KEY, "{column}" text, list text[], document jsonb)')
    encoded.execute("INSERT INTO words VALUES (1, %s, ARRAY[%s], jsonb_build_object('k', %s::text))", [text, text, text])
    encoded.execute("SELECT takeout.create_dataset('words', tenant => 'default')")
    for query in ("SELECT takeout.export('words', %s)", "SELECT takeout.export_stream('words', %s)"):
        lines = bytes(encoded.execute(query, ["jsonl"]).fetchone()[0])
        assert json.loads(lines.decode("utf-8")) == {"id": 1, column: text, "list": [text], "document": {"k": text}}
        assert text.replace('"', '""') in bytes(encoded.execute(query, ["csv"]).fetchone()[0]).decode("utf-8")
        assert len(encoded.execute(query, ["xlsx"]).fetchone()[0]) > 1000
    options = "takeout.csv_options(\"null\" => %s)"
    encoded.execute("INSERT INTO words VALUES (2)")
    null = text[:1]
    file = bytes(encoded.execute(f"SELECT takeout.csv_file(w, {options}) FROM words w", [null]).fetchone()[0])
    assert file.decode("utf-8").endswith(f"2,{null},{null},{null}\r\n")


@pytest.mark.parametrize("encoded", ["LATIN1"], indirect=True)
def test_messages_are_readable_in_any_encoding(encoded):
    encoded.execute("CREATE TABLE untold (a int)")
    with pytest.raises(psycopg.Error) as error:
        encoded.execute("SELECT takeout.create_dataset('untold')")
    assert (error.value.diag.message_primary + error.value.diag.message_hint).isascii()
    encoded.execute("SELECT takeout.create_dataset('untold', tenant => 'default')")
    with pytest.raises(psycopg.Error) as error:
        encoded.execute("SELECT takeout.export('untold', 'csv', ids => '{1}')")
    assert (error.value.diag.message_primary + error.value.diag.message_hint).isascii()


BROKEN = [b"caf\xe9", b"\xc3", b"a\xffb", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\x80", b"\xe2\x82"]


@pytest.mark.parametrize("encoded", ["SQL_ASCII"], indirect=True)
def test_sql_ascii_gives_utf8_and_refuses_the_rest(encoded):
    encoded.execute("CREATE TABLE words (id integer PRIMARY KEY, word text, list text[])")
    encoded.execute("SELECT takeout.create_dataset('words', tenant => 'default')")
    encoded.execute("INSERT INTO words VALUES (1, convert_from(%s, 'SQL_ASCII'), NULL)", ["Köln €".encode()])
    assert "Köln €" in bytes(encoded.execute("SELECT takeout.export('words', 'csv')").fetchone()[0]).decode()
    for broken in BROKEN:
        for column in ("word", "list"):
            encoded.execute(f"""DELETE FROM words WHERE id = 2; INSERT INTO words (id, {column})
                SELECT 2, {'w' if column == 'word' else 'ARRAY[w]'} FROM convert_from('\\x{broken.hex()}', 'SQL_ASCII') w""")
            for format in FORMATS:
                for query in ("SELECT takeout.export('words', '{}')", "SELECT takeout.export_stream('words', '{}')",
                              "SELECT takeout.{}_file(w) FROM words w"):
                    with pytest.raises(psycopg.errors.CharacterNotInRepertoire):
                        encoded.execute(query.format(format))
                    assert encoded.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("encoded", ["SQL_ASCII"], indirect=True)
def test_sql_ascii_refuses_a_broken_column_name(encoded):
    encoded.execute("DO $$ BEGIN EXECUTE convert_from('\\x435245415445205441424c45206e616d657320282263e92220696e7429',"
                    " 'SQL_ASCII'); END $$")  # CREATE TABLE names ("c\xe9" int)
    for format in FORMATS:
        with pytest.raises(psycopg.errors.CharacterNotInRepertoire):
            encoded.execute(f"SELECT takeout.{format}_file(n) FROM names n")
