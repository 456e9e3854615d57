"""Carriers of numbers: the shipped prefixes, an operator's own, ported numbers, routes by carrier."""

import csv
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd import data
from gatewayd.carriers import Carriers, Range, Told, read_ranges, shipped_ranges
from gatewayd.config import Config, parse_config
from gatewayd.csvrows import BadRow, rows
from gatewayd.errors import ConfigError
from gatewayd.ledger.accept import Accepted
from gatewayd.model import Refusal
from gatewayd.policy.subject import Facts
from gatewayd.ported import read_ported
from gatewayd.prefixes import Prefixes
from gatewayd.snapshot import Snapshot, routing_tests
from gatewayd.submission import OF_A_THING, Submission
from gatewayd.upstream.wire import Submit

SHIPPED = Carriers(shipped_ranges())
PREFIXES = {
    "cmcc": "1340 1348 135 136 137 138 139 147 148 150 151 152 157 158 159 165 1703 1705 1706 172 178 182 "
    "183 184 187 188 195 197 198",
    "cucc": "130 131 132 145 146 155 156 166 167 1704 1707 1708 1709 171 175 176 185 186 196",
    "ctcc": "133 1349 149 153 162 1700 1701 1702 173 17400 17405 177 180 181 189 190 191 193 199",
    "cbn": "192",
    None: "17406 17412 1749 17413 144 154 179 194 140 161",
}


@pytest.mark.parametrize(
    ("carrier", "prefix"),
    [(carrier, prefix) for carrier, some in PREFIXES.items() for prefix in some.split()],
)
def test_a_prefix_tells_the_carrier(carrier: str | None, prefix: str) -> None:
    """The four carriers of China with their virtual operators; what is allotted to none is not guessed."""
    number = "86" + prefix.ljust(11, "0")

    assert SHIPPED.of(number) == carrier
    assert SHIPPED.tell(number)[::2] == (carrier, False)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("8613800138000", "mobile"),
        ("8616500000000", "virtual"),
        ("8617012345678", "virtual"),
        ("8617112345678", "virtual"),
        ("8614612345678", "iot"),
        ("8614812345678", "iot"),
        ("8614912345678", "mobile"),  # only a part is for things
        ("8613491234567", "satellite"),
        ("8617405123456", "satellite"),
        ("8617491234567", "satellite"),
        ("8615412345678", "mobile"),  # not allotted: nothing else is known
        ("447911123456", "mobile"),
    ],
)
def test_a_prefix_tells_the_kind(number: str, kind: str) -> None:
    """Virtual operators, things and satellites are told from phones."""
    assert SHIPPED.kind(number) == SHIPPED.tell(number).kind == kind


def test_each_shipped_prefix_stands_once() -> None:
    """And in full: with country code, in a form the reader of an operator's file takes too."""
    lines = data.lines("carriers.csv")
    prefixes = [cells[0] for _, cells in rows(lines)]

    assert read_ranges(lines)[1] == []
    assert len(set(prefixes)) == len(prefixes) == len(shipped_ranges())
    assert all(prefix.startswith("861") for prefix in prefixes)
    assert SHIPPED.names == {"cmcc", "cucc", "ctcc", "cbn"}


@given(
    st.dictionaries(st.text("01", min_size=1, max_size=6), st.integers(1, 9)),
    st.text("01", min_size=1, max_size=8),
)
def test_the_longest_prefix_counts(table: dict[str, int], number: str) -> None:
    """The look-up by length says what trying every prefix says."""
    fitting = [prefix for prefix in table if number.startswith(prefix)]

    assert Prefixes(table).find(number) == (table[max(fitting, key=len)] if fitting else None)


def test_rows_of_a_file_as_people_write_it() -> None:
    """A head, comments, blank lines, quotes, blanks and further columns; lines are counted all the same."""
    lines = [
        "﻿号码,carrier,since\n",
        "\n",
        "# moved\n",
        ' "13800138000" , cucc ,2020-01-01\n',
        ",,\n",
        "1,2\n",
    ]

    assert list(rows(lines)) == [(4, ('"13800138000"', "cucc", "2020-01-01")), (6, ("1", "2"))]
    assert list(rows(["1380013800,cucc\n"])) == [(1, ("1380013800", "cucc"))]
    assert list(rows([])) == []


MOBILE = st.from_regex(r"861[3-9][0-9]0{4}[0-9]{4}", fullmatch=True)
ABROAD = st.from_regex(r"4479[0-9]0{6}[0-9]{1}", fullmatch=True)
NUMBERS = MOBILE | ABROAD


@given(st.lists(st.tuples(NUMBERS, st.sampled_from(["cmcc", "cucc", "ctcc"]))), st.lists(NUMBERS))
def test_a_ported_table_says_what_a_dictionary_would(rows: list[tuple[str, str]], others: list[str]) -> None:
    """Any rows in any order: the last row of a number counts, and nobody else is found."""
    ported, bad = read_ported(
        [f"+{number},{carrier}\n" for number, carrier in rows], {"cmcc", "cucc", "ctcc"}
    )
    plain = dict(rows)

    assert bad == []
    assert len(ported) == len(plain)
    assert {number: ported.of(number) for number in {*plain, *others}} == {
        number: plain.get(number) for number in {*plain, *others}
    }


def test_a_ported_number_is_with_the_carrier_of_the_table() -> None:
    """Over its prefix, known or not; the kind stays that of the range."""
    ported, _ = read_ported(["13800138000,cucc\n", "16512345678,ctcc\n", "15400000000,cbn\n"], SHIPPED.names)
    carriers = Carriers(shipped_ranges(), ported)

    assert carriers.tell("8613800138000") == Told("cucc", "mobile", ported=True)
    assert carriers.tell("8613800138001") == Told("cmcc", "mobile", ported=False)
    assert carriers.tell("8616512345678") == Told("ctcc", "virtual", ported=True)
    assert carriers.of("8615400000000") == "cbn"
    assert carriers.of("8613800138000") == "cucc"


def test_a_ported_table_is_small_in_memory() -> None:
    """Four octets a number, and a little for each block of a million."""
    ported, _ = read_ported((f"138{n:08d},cucc\n" for n in range(0, 10_000_000, 100)), {"cucc"})
    size = sum(sys.getsizeof(block) for block in ported._blocks.values())

    assert len(ported) == 100_000
    assert size / len(ported) < 5


def test_bad_rows_are_told_by_line_and_never_quoted() -> None:
    """Ten are enough; of a million rows in the wrong columns nobody wants to read more."""
    ported, bad = read_ported(
        ["13800138000,cucc\n", "1380013800,cucc\n", "13800138001\n", "13800138002,13800138003\n"],
        {"cmcc", "cucc"},
    )

    assert len(ported) == 1
    assert bad == [
        BadRow(
            2,
            "the number has 10 digits without country code; a mobile number of China has 11; "
            "one of another country begins with + or 00",
        ),
        BadRow(3, "has no carrier: a row is NUMBER,CARRIER"),
        BadRow(4, "no such carrier; there is: cmcc, cucc"),
    ]
    assert len(read_ported(["1,cucc\n"] * 1000, {"cucc"})[1]) == 10
    with pytest.raises(csv.Error):
        read_ported(["1" * 200_000], {"cucc"})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("0138,cmcc", "a prefix is 1 to 15 digits with country code"),
        ("86138*,cmcc", "a prefix is 1 to 15 digits with country code"),
        (
            "86138,China Mobile",
            "a carrier is a name of letters, digits, '.', '_' and '-', at most 64 of them",
        ),
        ("86138,cmcc,phone", "no such kind; there is: mobile, virtual, iot, satellite"),
    ],
)
def test_bad_prefixes_are_told(row: str, reason: str) -> None:
    """What is right beside them is read."""
    ranges, bad = read_ranges([f"{row}\n", "+85261,three-hk,virtual,a remark\n"])

    assert bad == [BadRow(1, reason)]
    assert ranges == {"85261": Range("three-hk", "virtual")}


FILE = """\
links:
  a: {host: x, system_id: y}
  b: {host: x, system_id: y}
brands: {mall: {sender: "10690001", signature: null}}
clients: {one: {users: [one], brands: [mall], classes: [notice]}}
routes:
  - {match: {carrier: [cucc, three-hk]}, links: [b]}
  - {match: {}, links: [a]}
carriers: {prefixes: {"+85261": three-hk, "861701": {carrier: cucc, kind: iot}}}
"""


def config_of(text: str) -> Config:
    return parse_config(text.encode(), "f")


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config_of(text)
    return [f"{problem.line}:{problem.column}: {problem.message}" for problem in caught.value.problems]


def test_a_route_by_carrier_is_in_force() -> None:
    """By shipped prefixes, an operator's own over them, and in the file's own tests; without a warning."""
    tests = """\
tests:
  - {to: "13012345678", class: notice, expect: b}
  - {to: "13800138000", class: notice, expect: a}
  - {to: "17011234567", class: notice, expect: b}
  - {to: "17021234567", class: notice, expect: a}
  - {to: "+85261234567", class: notice, expect: b}
  - {to: "+85291234567", class: notice, expect: b}
"""
    config = config_of(FILE + tests)

    assert config.warnings == ()
    assert [problem.message for problem in routing_tests(config, Snapshot.build(config))] == [
        "expected b, but it takes a"
    ]


def test_an_explanation_names_the_carrier() -> None:
    """As each route saw it."""
    snapshot = Snapshot.build(config_of(FILE))

    told = [v.reason for v in snapshot.explain_route("notice", "mall", "one", "8613800138000")]
    assert told == ["carrier is 'cmcc', not 'cucc' or 'three-hk'", "all keys hold: failover:a"]


def test_files_of_prefixes_and_ported_numbers(tmp_path: Path) -> None:
    """As a spreadsheet exports them; numbers may go to carriers that only the file of prefixes knows."""
    (tmp_path / "prefixes.csv").write_text("\ufeffprefix,carrier,kind\n852,hk\n86138,mine,virtual\n", "utf-8")
    (tmp_path / "ported.csv").write_text(
        "number,carrier\r\n13800138000,hk\r\n+86 130 1234 5678,cmcc\r\n", "utf-8"
    )
    text = FILE[: FILE.index("routes:")] + (
        f"routes: [{{match: {{carrier: [hk, mine, cmcc]}}, links: [b]}}, {{match: {{}}, links: [a]}}]\n"
        f"carriers: {{prefixes: {tmp_path}/prefixes.csv, ported: {tmp_path}/ported.csv}}\n"
    )
    carriers = Snapshot.build(config_of(text)).carriers

    assert carriers.tell("8613800138000") == Told("hk", "virtual", ported=True)
    assert carriers.tell("8613800138001") == Told("mine", "virtual", ported=False)
    assert carriers.of("8613012345678") == "cmcc"
    assert carriers.of("85261234567") == "hk"


def test_bad_files_are_told_with_file_and_line(tmp_path: Path) -> None:
    """At the key that names them. No carrier is called unknown while the file that might know it is bad."""
    prefixes, ported = tmp_path / "p.csv", tmp_path / "n.csv"
    prefixes.write_text("86138,cmcc,phone\n")
    text = FILE.replace(FILE.splitlines()[-1], f"carriers: {{prefixes: {prefixes}, ported: {ported}}}")

    assert problems_of(text) == [
        f"9:22: {prefixes}:1: no such kind; there is: mobile, virtual, iot, satellite"
    ]
    prefixes.write_text("852,three-hk\n")
    column = text.splitlines()[-1].index("ported: ") + len("ported: ") + 1
    assert problems_of(text) == [f"9:{column}: {ported} cannot be read: No such file or directory"]
    ported.write_bytes(b"13800138000,\xd2\xc6\xb6\xaf\n")
    assert problems_of(text) == [f"9:{column}: {ported} is not UTF-8"]
    ported.write_text("1" * 200_000)
    assert problems_of(text) == [f"9:{column}: {ported} is no CSV: field larger than field limit (131072)"]
    prefixes.write_text("".join(f"{n},carrier{n}\n" for n in range(1, 5000)))
    assert problems_of(text) == ["9:22: more than 4096 carriers: are the columns PREFIX,CARRIER?"]


def answer(text: str, to: str) -> Accepted | Refusal:
    snapshot = Snapshot.build(config_of(text))
    request = Submit(seq=1, to=to, class_="notice", text="hello")
    return Submission(request, snapshot.clients["one"], snapshot, 1_795_000_000_000).judge(Facts())


def test_a_number_of_a_thing_is_accepted_with_a_warning() -> None:
    """As a rule it gets no messages, but some do: the range alone does not decide."""
    thing, phone = answer(FILE, "14812345678"), answer(FILE, "13800138000")

    assert isinstance(thing, Accepted)
    assert isinstance(phone, Accepted)
    assert (thing.content.warnings, phone.content.warnings) == ((OF_A_THING,), ())


def test_numbers_of_things_are_refused_by_setting() -> None:
    """Shipped ranges and own ones, also in the file's tests; nothing else is refused."""
    text = FILE.replace("carriers: {", "carriers: {iot: refuse, ")
    refusal = answer(text, "14812345678")

    assert refusal == Refusal(
        "invalid_destination", "the number is of a range for things (IoT), which get no messages", "to"
    )
    assert answer(text, "17011234567") == refusal
    assert isinstance(answer(text, "13800138000"), Accepted)
    tests = "tests: [{to: '14812345678', class: notice, expect: {refused: invalid_destination}}]\n"
    config = config_of(text + tests)
    assert routing_tests(config, Snapshot.build(config)) == []
