"""Cases of the open standards that others collected, out of the packages that carry them: (source, text, verdict).

They are read where the packages have them, so that nothing of theirs is copied into this repository.
"""

import ast
import json
import re
import xml.etree.ElementTree
from pathlib import Path

import phonenumbers

NODE = Path(__file__).parent / "node_modules"
GO = Path("/usr/share/gocode/src/github.com")
RUST = Path("/usr/share/cargo/registry")
PYTHON = Path("/usr/lib/python3/dist-packages")
ISO_CODES = Path("/usr/share/iso-codes/json")


def javascript_strings(source):
    """String literals in single or double quotes, as JavaScript reads them."""
    for match in re.finditer(r"""(['"])((?:\\.|(?!\1)[^\\\n])*)\1""", source):
        yield re.sub(r"\\(.)", r"\1", match[2])


def go_table(path, function):
    """Rows {"text", …, true} of a function or, without one, of the file."""
    source = path.read_text(encoding="utf-8")
    if function:
        source = source[source.index(f"func {function}(") :]
        source = source[: source.index("\n}\n")]
    for text, verdict in re.findall(r'^\s*\{("(?:\\.|[^"\\])*").*?,\s*(true|false)\}', source, re.MULTILINE):
        yield f"{path.parent.name} {function or path.stem}", json.loads(text), verdict == "true"


def json_schema_suite(name):
    path = GO / f"xeipuuv/gojsonschema/testdata/draft7/optional/format/{name}.json"
    for group in json.loads(path.read_text(encoding="utf-8")):
        for case in group["tests"]:
            if isinstance(case["data"], str):
                yield f"JSON Schema test suite {name}", case["data"], case["valid"]


def python_strings(*paths):
    """String constants without spaces inside of programs that test a library."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\0" not in node.value:
                yield f"{path.parts[-3]} {path.name}", node.value


def sayers_emails():
    """Dominic Sayers' is_email. It has control characters as U+2400 and on, and a diagnosis for a verdict."""
    root = xml.etree.ElementTree.parse(NODE / "email-addresses/test/tests.xml").getroot()
    for test in root.iter("test"):
        address = "".join(
            chr(ord(character) - 0x2400) if 0x2400 <= ord(character) <= 0x2421 else character
            for character in test.findtext("address") or ""
        )
        if "\0" in address:
            continue  # PostgreSQL's text cannot hold it
        category, diagnosis = test.findtext("category"), test.findtext("diagnosis")
        good = category in ("ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321")
        yield f"is_email {diagnosis}", address, good


def emails():
    yield from sayers_emails()
    source = (NODE / "email-validator/test.js").read_text(encoding="utf-8")
    for name, verdict in (("validSupported", True), ("validUnsupported", True), ("invalidSupported", False)):
        body = re.search(rf"const {name} =\s*\[(.*?)\n\];", source, re.DOTALL)[1]
        for text in javascript_strings(body):
            yield f"email-validator {name}", text, verdict
    source = (NODE / "email-validation/tests/test-addresses.js").read_text(encoding="utf-8")
    for line in source.splitlines():
        match = re.search(r"assert\.(ok|equal)\(email\.valid\((.*)\)(, false)?\);", line)
        if match:
            yield "email-validation", next(javascript_strings(match[2])), match[1] == "ok"
    yield from go_table(GO / "asaskevich/govalidator/validator_test.go", "TestIsEmail")
    yield from json_schema_suite("email")
    yield from json_schema_suite("idn-email")


def uuids():
    yield from go_table(GO / "asaskevich/govalidator/validator_test.go", "TestIsUUID")
    yield from go_table(GO / "google/uuid/uuid_test.go", None)


def phones():
    """libphonenumber's example of every kind of number in every region, in E.164 and as people write them."""
    kinds = [phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE,
             phonenumbers.PhoneNumberType.TOLL_FREE, phonenumbers.PhoneNumberType.PREMIUM_RATE,
             phonenumbers.PhoneNumberType.VOIP, phonenumbers.PhoneNumberType.UAN]
    formats = phonenumbers.PhoneNumberFormat
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in kinds:
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None:
                continue
            good = phonenumbers.format_number(number, formats.E164)
            yield f"libphonenumber {region}", good, True
            for form in (formats.NATIONAL, formats.INTERNATIONAL, formats.RFC3966):
                text = phonenumbers.format_number(number, form)
                if text != good:
                    yield f"libphonenumber {region}", text, False
            yield f"libphonenumber {region}, too long", good + "0" * (17 - len(good)), False


def country_lists():
    """Every two letters; the withdrawn codes and the other lists' codes."""
    countries = json.loads((ISO_CODES / "iso_3166-1.json").read_text())["3166-1"]
    assigned = {country["alpha_2"] for country in countries}
    letters = [chr(letter) for letter in range(ord("A"), ord("Z") + 1)]
    for text in (first + second for first in letters for second in letters):
        yield "ISO 3166-1", text, text in assigned
    for country in countries:
        for text in (country["alpha_3"], country["numeric"], country["name"], country["alpha_2"].lower(), country["flag"]):
            yield "ISO 3166-1", text, False
    for withdrawn in json.loads((ISO_CODES / "iso_3166-3.json").read_text())["3166-3"]:
        yield "ISO 3166-3", withdrawn["alpha_4"], False
    for region in phonenumbers.SUPPORTED_REGIONS:
        yield "libphonenumber", region, True
    yield from go_table(GO / "asaskevich/govalidator/validator_test.go", "TestIsISO3166Alpha2")


def language_tags():
    source = (sorted(RUST.glob("language-tags-*"))[-1] / "tests/tests.rs").read_text(encoding="utf-8")
    for function, verdict in (("test_wellformed_tags", True), ("test_broken_tags", False), ("test_is_valid", True)):
        body = re.search(rf"fn {function}\(\) \{{\s*let \w+ = vec!\[(.*?)\n    \];", source, re.DOTALL)[1]
        for text in re.findall(r'^\s*"([^"]*)"', body, re.MULTILINE):
            yield f"language-tags {function}", text, verdict
    for language in json.loads((ISO_CODES / "iso_639-3.json").read_text())["639-3"]:
        yield "ISO 639-3", language["alpha_3"], True


def urls():
    source = (NODE / "valid-url/test/is_uri.js").read_text(encoding="utf-8")
    for verdict, argument in re.findall(r"t\.(ok|notOk)\(is_uri\(('(?:\\.|[^'\\])*')\)", source):
        yield "valid-url", next(javascript_strings(argument)), verdict == "ok"
    yield from json_schema_suite("uri")
    yield from go_table(GO / "asaskevich/govalidator/validator_test.go", "TestIsRequestURL")


def urls_without_verdict():
    """Those of programs that ask for less or more than RFC 3986 does."""
    yield from (text for _, text, _ in go_table(GO / "asaskevich/govalidator/validator_test.go", "TestIsURL"))
    yield from (text for _, text, _ in urls())


def iso8601_texts():
    """(source, text) of dates and times in the tests of three libraries."""
    paths = [*(PYTHON / "isodate/tests").glob("test_date*.py"), *(PYTHON / "aniso8601/tests").glob("test_*.py"),
             PYTHON / "iso8601/test_iso8601.py"]
    for source, text in python_strings(*paths):
        if re.match(r"\d{4}", text):
            yield source, text
