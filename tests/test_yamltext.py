"""YAML 1.2 text -> data and places."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.errors import ConfigError
from gatewayd.yamltext import Document, Place

SCALARS = [
    ("22:00", "22:00"),
    ("0044", "0044"),
    ("+86", "+86"),
    ("NO", "NO"),
    ("on", "on"),
    ("yes", "yes"),
    ("0660", "0660"),
    ("1_000", "1_000"),
    ("2026-11-22", "2026-11-22"),
    (".inf", ".inf"),
    ("<<", "<<"),
    ("1234567890123456789012", "1234567890123456789012"),
    ('"30"', "30"),
    ("!!int x", "x"),
    ("!!bool x", "x"),
    ("0", 0),
    ("-5", -5),
    ("0x34", 52),
    ("0o17", 15),
    ("1.5", 1.5),
    ("1e3", 1000.0),
    ("true", True),
    ("False", False),
    ("~", None),
    ("null", None),
    ("", None),
    ("[a, [1]]", ("a", (1,))),
]


@pytest.mark.parametrize(("written", "value"), SCALARS)
def test_a_scalar_is_a_number_only_where_nobody_could_mean_a_text(written: str, value: object) -> None:
    """Times of day, phone prefixes, modes and country codes stay texts, as in CONTRACT.md section 3."""
    document = Document(f"key: {written}\n".encode(), "f")

    assert document.data() == {"key": value}
    assert type(document.data()["key"]) is type(value)  # type: ignore[index]
    assert document.problems == []


def test_keys_are_always_texts() -> None:
    """A link named 1 or on is a name."""
    assert Document(b"1: a\non: b\nnull: c\n", "f").data() == {"1": "a", "on": "b", "null": "c"}


def test_places_count_characters_from_one() -> None:
    """A column counts characters, so that an editor finds it behind Chinese text too."""
    document = Document("\ufeff甲: 1\n乙: {丙丁: [x, y]}\n".encode(), "f")

    assert document.place(("乙", "丙丁", 1)) == Place(2, 13)
    assert document.key_place(("乙", "丙丁", 1)) == Place(2, 13)
    assert document.key_place(("乙", "丙丁")) == Place(2, 5)
    assert document.place(("乙", "tag of a union", "丙丁")) == Place(2, 9)
    assert document.place(()) == Place(1, 1)


def test_an_empty_file_is_an_empty_mapping() -> None:
    """Nothing but comments is a configuration without keys; its root is the first character."""
    document = Document(b"# nothing\n", "f")

    assert document.data() == {}
    assert document.place(("links",)) == Place(1, 1)
    assert not document.drop(("links",))


def test_drop_takes_one_value_out() -> None:
    """What is dropped is gone from the data; the places of the rest stay true."""
    document = Document(b"a: [x, y, z]\nb: 1\n", "f")

    assert document.drop(("a", 1))
    assert document.drop(("b",))
    assert not document.drop(("a", 5))
    assert not document.drop(())
    assert document.data() == {"a": ("x", "z")}
    assert document.place(("a", 1)) == Place(1, 11)


def test_an_alias_stands_for_the_same_value() -> None:
    """Aliases are YAML; what they share is made once, so they cannot blow up memory."""
    rows = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 25)]

    data = Document("\n".join(rows).encode(), "f").data()

    assert isinstance(data, dict)
    assert data["a1"] == (("x", "x"), ("x", "x"))
    assert data["a24"][0] is data["a23"]


def test_octets_that_are_no_utf8_are_told_with_their_line() -> None:
    """A file in GBK is refused with the line of its first foreign octet."""
    with pytest.raises(ConfigError) as caught:
        Document("a: 1\nb: 商城\n".encode("gbk"), "f")

    assert [str(problem) for problem in caught.value.problems] == ["f:2:1: the file is not UTF-8"]


def test_a_control_character_is_told_with_its_place() -> None:
    """A NUL pasted into a file is found."""
    with pytest.raises(ConfigError) as caught:
        Document(b"a: 1\nb: x\x00y\n", "f")

    assert str(caught.value) == "f:2:5: not valid YAML: control characters are not allowed"


@given(st.binary(max_size=60) | st.text("ab:{}[]-&*!? \n\t'\"|>#%", max_size=60).map(str.encode))
def test_any_octets_give_data_or_a_configuration_error(content: bytes) -> None:
    """Whatever a file holds, reading it ends in data or in ConfigError, never in a crash."""
    with suppress(ConfigError):
        Document(content, "f").data()
