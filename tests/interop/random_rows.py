"""Random rows over every type that has a column reader of its own: each value is NULL, one of the awkward, or any."""

import ipaddress
import json
import random
import uuid
from datetime import date, datetime, timedelta

NULL_SHARE = 0.08
AWKWARD_SHARE = 0.25

TYPES = """
CREATE TYPE mood AS ENUM ('ok', 'so, so', 'quote "', 'ääh');
CREATE TYPE pair AS (amount integer, "the name" text);
CREATE DOMAIN short_text AS text CHECK (length(VALUE) < 100000);
"""

WORDS = ["", " ", "ordinary", "a,b", 'quote "', '""', "line\nfeed", "both\r\n", "\r", "\n", "\ttab", "\\N", "\\.", "\\", "NULL",
         "0042", "=1+1", "-x", "+358 40", "@here", "'", "_x000D_", "_x005F_", "\x01\x1f", "\x7f\x85\u2028", "<&>\"'", "]]>",
         "äöüß", "日本語", "\U0001f468\u200d\U0001f469", "\u05e9\u05dc\u05d5\u05dd", "\u202e", "e\u0301", "\ufeff", "\ufffe\uffff",
         "\U0010ffff", "x" * 2000, '"' * 100, "\r\n" * 50, "true", "1e5", "nan", "2026-01-01"]
ALPHABETS = ["abcdefghijklmnopqrstuvwxyz ", "abc,;\"'\r\n\t\\=+-@_x0", "äöüÅßé€–日本語שלוםمرحبا",
             "\U0001f600\U0001f680\U0001f1eb\U0001f1ee\u200d\ufe0f", "".join(map(chr, range(1, 0x80)))]
SPECIAL_FLOATS = ["NaN", "Infinity", "-Infinity", "0", "-0"]
INFINITE = ["infinity", "-infinity"]


class Values:
    """A method for each column type; all return PostgreSQL's text for the value."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def boolean(self):
        return self.random.choice(["true", "false"])

    def integer(self, bits):
        pick = self.random
        if pick.random() < AWKWARD_SHARE:
            return str(pick.choice([0, 1, -1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1))]))
        return str(pick.getrandbits(pick.randint(1, bits - 1)) * pick.choice([1, -1]))

    def float4(self):
        if self.random.random() < AWKWARD_SHARE:
            return self.random.choice(SPECIAL_FLOATS + ["3.4028235e38", "1e-45", "1.1754944e-38", "16777217", "0.1"])
        return repr(self.random.uniform(-1, 1) * 10 ** self.random.randint(-30, 30))

    def float8(self):
        if self.random.random() < AWKWARD_SHARE:
            return self.random.choice(SPECIAL_FLOATS + ["1.7976931348623157e308", "5e-324", "2.2250738585072014e-308",
                                                        "0.1", "1e15", "1e22", "1e23", "9007199254740993", "100000"])
        return repr(self.random.uniform(-1, 1) * 10 ** self.random.randint(-300, 300))

    def numeric(self):
        pick = self.random
        if pick.random() < AWKWARD_SHARE:
            return pick.choice(["NaN", "Infinity", "-Infinity", "0", "0.00", "1.50", "100000000000000", "999999999999999",
                                "1000000000000000", "9" * 40, "-0." + "0" * 30 + "1", "1" + "0" * 60, "10000.0001"])
        digits = str(pick.getrandbits(pick.randint(1, 150)))
        return pick.choice(["", "-"]) + digits + pick.choice(["", "." + str(pick.getrandbits(60)).zfill(pick.randint(1, 25))])

    def fixed_numeric(self):
        """numeric(38, 10)"""
        pick = self.random
        whole = pick.getrandbits(pick.randint(1, 92)) % 10 ** 28
        return f"{pick.choice(['', '-'])}{whole}.{pick.getrandbits(40) % 10 ** 10:010}"

    def text(self, longest=200):
        pick = self.random
        if pick.random() < AWKWARD_SHARE:
            return pick.choice(WORDS)[:longest]
        letters = pick.choice(ALPHABETS)
        return "".join(pick.choices(letters, k=min(longest, int(pick.expovariate(1 / 12)))))

    def uuid(self):
        return str(uuid.UUID(int=self.random.getrandbits(128)))

    def day(self):
        pick = self.random
        if pick.random() < AWKWARD_SHARE:
            return pick.choice(INFINITE + ["1899-12-31", "1900-01-01", "1900-02-28", "1900-03-01", "9999-12-31",
                                           "10000-01-01", "0001-01-01", "0001-12-31 BC", "4714-11-24 BC", "5874897-12-31"])
        return (date.min + timedelta(days=pick.randrange(3652058))).isoformat()

    def clock(self):
        if self.random.random() < AWKWARD_SHARE:
            return self.random.choice(["00:00:00", "24:00:00", "23:59:59.999999", "12:00:00.1"])
        seconds, micros = self.random.randrange(86400), self.random.choice([0, 0, 500000, self.random.randrange(10 ** 6)])
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micros:06}"

    def moment(self, zone=""):
        pick = self.random
        if pick.random() < AWKWARD_SHARE:
            return pick.choice(INFINITE + [f"1899-12-31 23:59:59.999999{zone}", f"1900-03-01 00:00:00{zone}",
                                           f"9999-12-31 23:59:59{zone}", f"0001-01-01 00:00:00{zone}",
                                           f"0044-03-15 10:00:00{zone} BC", f"294276-12-31 23:59:59.999999{zone}",
                                           f"2000-01-01 00:00:00{zone}", f"1999-12-31 23:59:59.999999{zone}"])
        micros = pick.choice([0, 1000 * pick.randrange(1000), pick.randrange(10 ** 6)])
        return str(datetime.min + timedelta(seconds=pick.randrange(315537897600), microseconds=micros)) + zone

    def address(self):
        pick = self.random
        kind = pick.random()
        if kind < 0.5:
            return f"{ipaddress.IPv4Address(pick.getrandbits(32))}/{pick.choice([32, 32, 24, 16, 30, 0])}"
        if kind < 0.8:
            return f"{ipaddress.IPv6Address(pick.getrandbits(128))}/{pick.choice([128, 128, 64, 48, 32, 0])}"
        inside = pick.choice(["::ffff:0:0", "64:ff9b::", "2002::", "2001::", "64:ff9b:1::"])
        return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(inside)) | pick.getrandbits(80)))

    def network(self):
        bits = self.random.choice([8, 16, 24, 32])
        return str(ipaddress.IPv4Network((self.random.getrandbits(32) >> (32 - bits) << (32 - bits), bits)))

    def json_value(self, depth=2):
        pick = self.random
        kind = pick.randrange(8 if depth else 5)
        if kind < 5:
            return [None, True, pick.randrange(-1000, 10 ** 12), pick.uniform(-1, 1), self.text(40)][kind]
        if kind < 7:
            return {self.text(8): self.json_value(depth - 1) for _ in range(pick.randrange(4))}
        return [self.json_value(depth - 1) for _ in range(pick.randrange(4))]

    def json(self):
        return json.dumps(self.json_value(), ensure_ascii=self.random.random() < 0.5,
                          indent=self.random.choice([None, None, 1]))

    def binary(self):
        return "\\x" + self.random.randbytes(self.random.randrange(20)).hex()

    def interval(self):
        pick = self.random
        return f"{pick.randrange(-500, 500)} mon {pick.randrange(-99, 99)} day {pick.randrange(-10 ** 10, 10 ** 10)} us"

    def array(self, items):
        quoted = ["NULL" if item is None else '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items]
        return "{" + ",".join(quoted) + "}"

    def integers(self):
        return self.array([self.random.choice([None, self.integer(32)]) for _ in range(self.random.randrange(5))])

    def texts(self):
        return self.array([self.random.choice([None, self.text(20)]) for _ in range(self.random.randrange(5))])

    def pair(self):
        text = self.text(30).replace("\\", "\\\\").replace('"', '""')
        return f'({self.random.choice(["", self.integer(32)])},{self.random.choice(["", chr(34) + text + chr(34)])})'

    def mood(self):
        return self.random.choice(["ok", "so, so", 'quote "', "ääh"])


# Name, type, and how a value is made.
COLUMNS = [
    ("truth", "boolean", Values.boolean),
    ("small", "smallint", lambda values: values.integer(16)),
    ("whole", "integer", lambda values: values.integer(32)),
    ("big", "bigint", lambda values: values.integer(64)),
    ("single", "real", Values.float4),
    ("double", "double precision", Values.float8),
    ("exact", "numeric", Values.numeric),
    ("fixed", "numeric(38, 10)", Values.fixed_numeric),
    ("words", "text", Values.text),
    ("label", "varchar(60)", lambda values: values.text(60)),
    ("padded", "char(9)", lambda values: values.text(9)),
    ("domain", "short_text", Values.text),
    ("id, \"quoted\"", "uuid", Values.uuid),
    ("day", "date", Values.day),
    ("clock", "time", Values.clock),
    ("local", "timestamp", Values.moment),
    ("instant", "timestamptz", lambda values: values.moment("+00")),
    ("address", "inet", Values.address),
    ("network", "cidr", Values.network),
    ("raw_document", "json", Values.json),
    ("document", "jsonb", Values.json),
    ("bytes", "bytea", Values.binary),
    ("duration", "interval", Values.interval),
    ("mood", "mood", Values.mood),
    ("numbers", "integer[]", Values.integers),
    ("texts", "text[]", Values.texts),
    ("pair", "pair", Values.pair),
]


def create_table(connection, name, rows, seed):
    """A table of that many random rows, numbered from 1; the same seed gives the same rows."""
    values = Values(seed)
    columns = ", ".join('"' + column.replace('"', '""') + f'" {type}' for column, type, _ in COLUMNS)
    connection.execute(f"CREATE TABLE {name} (row_number integer PRIMARY KEY, {columns})")
    with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
        for number in range(1, rows + 1):
            copy.write_row([number] + [None if values.random.random() < NULL_SHARE else make(values)
                                       for _, _, make in COLUMNS])
