"""The open standards, by lists of cases that others collected and by other programs that check them.

Where a list and the extension disagree, DISAGREEMENTS says why; a line of it that nothing needs fails the test.
"""

import datetime
import ipaddress
import json
import random
import re
import subprocess
import uuid

import idna
import pytest
import rfc3986

import standard_lists

# function: [(pattern of "source: text", the extension's verdict, why it differs)]
DISAGREEMENTS = {
    "is_email": [
        (r"TLDNUMERIC", False, "the last label of a domain is no number: RFC 1123 section 2.1"),
        (r"IPV6DEPRECATED", False, ":: stands for at least two groups: RFC 5321 section 4.1.3"),
        (r"invalidSupported: (missing-dot-before-tld@com|mg@ns\.i)$", True,
         "RFC 5321 section 4.1.2 has domains of one label and labels of one letter"),
        (r"email-validation: user@\[2001:", False, "an IPv6 literal has a tag: RFC 5321 section 4.1.3"),
    ],
    "is_uuid": [
        (r"uuid_test: (urn:uuid:|URN:UUID:|\{)", False, "RFC 9562 section 4 has no prefix and no braces in its text"),
        (r"uuid_test: f47ac10b58cc037285670e02b2c3d479$", False, "RFC 9562 section 4 has hyphens"),
        (r"govalidator TestIsUUID: [0-9a-f]{8}-", True, "of another version than the list asked for"),
    ],
    "is_country": [
        (r"libphonenumber: (AC|TA)$", False, "exceptionally reserved, not assigned"),
        (r"libphonenumber: XK$", False, "user-assigned, not in ISO 3166-1"),
    ],
    "is_phone": [
        (r"libphonenumber IR: \+989601$", False, "a short number for all of Iran, not a subscriber's"),
    ],
    "is_language": [],
    "is_url": [
        (r": (mailto|news|tel|urn):(?!//)", False, "a URI, but without a host"),
        (r": http://foobar\.(中文网|پاکستان)/$", False, "an IRI; RFC 3986 is ASCII only"),
        (r"TestIsRequestURL: http://foobar\.com/t\$-_\.\+!\*\\'\(\),$", False, "a backslash is to be percent-encoded"),
    ],
}


def verdicts(connection, function, texts):
    rows = connection.execute(
        f"SELECT t, takeout.{function}(t) FROM unnest(%s::text[]) WITH ORDINALITY AS u (t, n) ORDER BY n", [list(texts)]
    ).fetchall()
    return dict(rows)


@pytest.mark.parametrize("function, cases", [
    ("is_email", standard_lists.emails),
    ("is_uuid", standard_lists.uuids),
    ("is_phone", standard_lists.phones),
    ("is_country", standard_lists.country_lists),
    ("is_language", standard_lists.language_tags),
    ("is_url", standard_lists.urls),
])
def test_lists_of_others(connection, function, cases):
    cases = list(cases())
    found = verdicts(connection, function, {text for _, text, _ in cases})
    used = set()
    unexplained = []
    for source, text, verdict in cases:
        if found[text] == verdict:
            continue
        reasons = [
            number for number, (pattern, ours, _) in enumerate(DISAGREEMENTS[function])
            if ours == found[text] and re.search(pattern, f"{source}: {text}", re.DOTALL)
        ]
        used.update(reasons)
        if not reasons:
            unexplained.append(f"{source}: {text!r} is {found[text]}")
    assert not unexplained, "\n".join(unexplained)
    assert used == set(range(len(DISAGREEMENTS[function]))), "a disagreement is listed that there is not"


# What ISO 8601 or Python's reading of it has and is_timestamp does not take, and why.
NARROWER = [
    (r"^\d{4}-?W", "a week date"),
    (r"^\d{4}-?\d{3}(\D|$)", "a day of the year"),
    (r"^[\d-]+$", "a date alone"),
    (r"^[\d-]+[^\dTt-]", "something else than T between date and time"),
    (r"[Tt]\d\d(:?\d\d)?([.,]\d+)?([Zz+-]|$)", "a time of reduced precision, without seconds"),
    (r"^\d{4}-\d\d-\d\d[Tt]\d{6}|^\d{8}[Tt]\d\d:", "half extended, half basic"),
    (r"[Tt]\d\d:\d\d:\d\d:", "something else than . or , before the fraction"),
    (r"[+-]\d\d[.,]", "a zone with a fraction"),
    (r"[+-]\d\d:?[6-9]\d$", "a zone with more than 59 minutes"),
    (r":\d\d.*[+-]\d{4}$|[Tt]\d{6}.*[+-]\d\d:\d\d$", "a zone in another form than the time"),
]


def python_reads(text):
    """Python's datetime knows no leap seconds and no 24:00."""
    text = re.sub(r"([Tt]23:?59:?)60", r"\g<1>59", text)
    text = re.sub(r"([Tt])24(:?00:?00)", r"\g<1>00\2", text)
    try:
        datetime.datetime.fromisoformat(text.replace("z", "Z"))
        return True
    except ValueError:
        return False


def timestamps():
    """Of the tests of three libraries, and made by Python and by changes of what it made."""
    yield from (text for _, text in standard_lists.iso8601_texts())
    generator = random.Random(21)
    for _ in range(2000):
        zone = generator.choice([None, datetime.timezone.utc,
                                 datetime.timezone(datetime.timedelta(minutes=generator.randrange(-1439, 1440)))])
        made = datetime.datetime(generator.randrange(1, 10000), generator.randrange(1, 13), generator.randrange(1, 29),
                                 generator.randrange(24), generator.randrange(60), generator.randrange(60),
                                 generator.choice([0, generator.randrange(1_000_000)]), zone)
        text = made.isoformat()
        yield text
        yield text.replace("-", "").replace(":", "") if "+" in text or zone is None else text
        at = generator.randrange(len(text))
        yield text[:at] + generator.choice("0123456789-:TZ+., ") + text[at + 1:]
        yield text[:at] + text[at + 1:]


def test_timestamps_are_those_that_python_reads(connection):
    found = verdicts(connection, "is_timestamp", {*timestamps()})
    assert sum(found.values()) > 2000 and sum(not taken for taken in found.values()) > 200
    for text, taken in found.items():
        if taken:
            assert python_reads(text), text
        elif python_reads(text):
            assert any(re.search(pattern, text) for pattern, _ in NARROWER), text


def test_dates_are_those_of_pythons_calendar(connection):
    texts = [f"{year:04}-{month:02}-{day:02}" for year in (1, 1899, 1900, 2000, 2023, 2024, 9999)
             for month in range(14) for day in range(33)]

    def exists(text):
        try:
            return bool(datetime.date.fromisoformat(text))
        except ValueError:
            return False
    assert verdicts(connection, "is_date", texts) == {text: exists(text) for text in texts}


def test_uuids_are_what_python_writes(connection):
    generator = random.Random(22)
    texts = []
    for _ in range(3000):
        text = str(uuid.UUID(int=generator.getrandbits(128)))
        at = generator.randrange(36)
        texts += [text, text.upper(), text[:at] + generator.choice("0a-g{ ") + text[at + 1:], text[:at] + text[at + 1:]]

    def is_written(text):
        try:
            return str(uuid.UUID(text)) == text.lower()
        except ValueError:
            return False
    assert verdicts(connection, "is_uuid", texts) == {text: is_written(text) for text in texts}


# What Unicode's locale identifiers, of which ECMAScript's Intl knows the grammar, have not of RFC 5646, or have stricter.
NOT_OF_LOCALES = re.compile(r"""
    ^[a-z]{2,3}(-[a-z]{3})+(-|$)   # extended languages
    | ^[a-z]{4}(-|$)               # reserved lengths
    | ^[xi]-                       # private use alone, irregular tags
    | ^(art-lojban|cel-gaulish|en-gb-oed|no-bok|no-nyn|sgn-be-fr|sgn-be-nl|sgn-ch-de|zh-guoyu|zh-hakka|zh-min|zh-min-nan|zh-xiang)$
    | -[tu]-                       # extensions whose inside has a grammar of its own
""", re.VERBOSE | re.IGNORECASE)


def test_language_tags_are_those_of_ecmascripts_locales(connection):
    generator = random.Random(26)
    known = sorted({text for _, text, verdict in standard_lists.language_tags() if verdict})
    subtags = sorted({subtag for text in known for subtag in text.split("-") if len(text) > 3})
    texts = set(known)
    while len(texts) < 12_000:
        text = generator.choice(known)
        if generator.random() < 0.7:
            text += "".join("-" + subtag for subtag in generator.sample(subtags, generator.randrange(1, 4)))
        if generator.random() < 0.5:
            at = generator.randrange(len(text) + 1)
            text = text[:at] + generator.choice(["-", "a", "9", "x", "_", "ab", "", "-b-", "-1", "é"]) + text[at + generator.randrange(2):]
        texts.add(text)
    texts = sorted(texts)
    printed = subprocess.run(["node", standard_lists.NODE.parent / "node" / "locale_tags.js"], input=json.dumps(texts),
                             check=True, capture_output=True, text=True, timeout=60)
    locales = dict(zip(texts, json.loads(printed.stdout)))
    found = verdicts(connection, "is_language", texts)
    assert sum(found.values()) > 5000 and sum(not taken for taken in found.values()) > 2000
    for text, taken in found.items():
        assert taken == locales[text] or (taken and NOT_OF_LOCALES.search(text)), text


def test_networks_are_those_of_pythons_ipaddress(connection):
    generator = random.Random(23)
    texts = []
    for _ in range(2000):
        version, width = generator.choice([(ipaddress.IPv4Network, 32), (ipaddress.IPv6Network, 128)])
        prefix = generator.randrange(width + 1)
        bits = generator.getrandbits(width) & generator.choice([(1 << width) - 1, 0xffff << width // 2, 0])
        text = str(version((bits >> (width - prefix) << (width - prefix), prefix)))
        at = generator.randrange(len(text))
        texts += [text, text[:at] + generator.choice("0123456789af:./") + text[at + 1:], text[:at] + text[at + 1:]]

    def is_network(text):
        address, slash, prefix = text.partition("/")
        try:
            ipaddress.ip_network(text, strict=True)
        except ValueError:
            return False
        # A netmask in place of a length, 08 and 0x8 are Python's additions.
        return bool(slash) and re.fullmatch(r"0|[1-9]\d*", prefix) is not None and "%" not in address
    assert verdicts(connection, "is_ip_network", texts) == {text: is_network(text) for text in texts}


def test_urls_are_those_of_the_rfc3986_package(connection):
    texts = [text for text in standard_lists.urls_without_verdict() if "\0" not in text]
    generator = random.Random(24)
    for text in list(texts):
        for _ in range(20):
            at = generator.randrange(len(text) + 1)
            texts.append(text[:at] + generator.choice("ab:/?#[]@!$%&'()*+,;=-._~ |\\^<>\"{}`é") + text[at + 1:])
    validator = rfc3986.validators.Validator().require_presence_of("scheme", "host").check_validity_of(
        "scheme", "userinfo", "host", "port", "path", "query", "fragment")

    def is_url(text):
        try:
            validator.validate(rfc3986.uri_reference(text))
        except (rfc3986.exceptions.RFC3986Exception, ValueError):
            return False
        return text.isascii()
    # Its ports end at 65535 and its user information is not empty, unlike in RFC 3986's grammar.
    texts = [text for text in texts if not re.search(r":\d{5}|//@", text)]
    found = verdicts(connection, "is_url", texts)
    assert sum(found.values()) > 500
    # The package overlooks a % alone, what no URL may have at all, a host that is empty, brackets outside of the host.
    overlooked = re.compile(r"%(?![0-9A-Fa-f]{2})|[^]!#$%&'()*+,/:;=?@[A-Za-z0-9._~-]|//([^/?#]*@)?(:\d*)?([/?#]|$)|[][]")
    for text in texts:
        if found[text] != is_url(text):
            assert not found[text] and overlooked.search(text), text


def test_labels_are_as_long_as_their_punycode(connection):
    generator = random.Random(25)
    ranges = [(0x61, 0x7a), (0xe0, 0xf6), (0x430, 0x44f), (0x5d0, 0x5ea), (0x4e00, 0x9fa5), (0xac00, 0xd7a3)]
    texts = {}
    for _ in range(3000):
        low, high = generator.choice(ranges)
        label = "".join(chr(generator.randrange(low, high + 1)) if generator.random() < 0.9 else
                        generator.choice("abc019") for _ in range(generator.randrange(1, 62)))
        octets = len(label) if label.isascii() else len("xn--") + len(label.encode("punycode"))
        texts[f"a@{label}.x"] = octets <= 63 and len(f"a@{label}.x".encode()) <= 254
    assert verdicts(connection, "is_email", texts) == texts


def test_no_character_is_barred_that_idna_allows(connection):
    """The blocks of RFC 5892 that a domain may not have, against its tables: none of theirs is ours but for upper case."""
    refused = connection.execute(
        "SELECT c FROM generate_series(128, 1114111) c WHERE c NOT BETWEEN 55296 AND 57343"
        " AND NOT takeout.is_email('a@x' || chr(c) || 'y.fi')"
    ).fetchall()
    allowed = {"PVALID", "CONTEXTJ", "CONTEXTO"}
    wrong = [hex(character) for [character] in refused
             if any(idna.intranges_contain(character, idna.idnadata.codepoint_classes[kind]) for kind in allowed)]
    assert len(refused) > 140_000 and not wrong, wrong[:20]


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_other_encodings(server, encoding):
    """Text is UTF-8 to the standards, however the database keeps it; bytes that are none are no reason to fail."""
    name = f"standards_{encoding.lower()}"
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
    try:
        with server.connect(dbname=name) as connection:
            connection.execute("CREATE EXTENSION pg_takeout")
            [taken] = connection.execute(
                "SELECT takeout.is_email(convert_from(%s, %s))", [b"pel\xe9@example.com", encoding]
            ).fetchone()
            assert taken is (encoding == "LATIN1")
            assert connection.execute("SELECT takeout.is_email('a@b.fi')").fetchone() == (True,)
    finally:
        with server.connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_countries_are_those_of_iso_codes(connection):
    countries = json.loads((standard_lists.ISO_CODES / "iso_3166-1.json").read_text())["3166-1"]
    [codes] = connection.execute("SELECT takeout.country_codes()").fetchone()
    assert codes == sorted(country["alpha_2"] for country in countries)
