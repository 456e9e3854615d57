"""National language tables against the published ones."""

from pathlib import Path

import pytest

from gatewayd.smpp import gsm
from gatewayd.smpp.shift_tables import LANGUAGES, locking_shift, single_shift

PUBLISHED = Path(__file__).parent / "golden" / "ts23038_annex_a.txt"


def published() -> dict[tuple[str, str], dict[int, str]]:
    tables: dict[tuple[str, str], dict[int, str]] = {}
    for line in PUBLISHED.read_text("ascii").splitlines():
        if not line.startswith("#"):
            language, kind, first, *points = line.split()
            table = tables.setdefault((language, kind), {})
            table.update((int(first, 16) + n, chr(int(p, 16))) for n, p in enumerate(points) if p != "----")
    return tables


def test_tables_are_the_published_ones() -> None:
    """Every septet of the 25 tables of 3GPP TS 23.038 annex A."""
    tables = published()
    assert len(tables) == 25
    for code, language in LANGUAGES.items():
        assert (locking_shift(language) or {}) == tables.get((code, "locking"), {})
        assert single_shift(language) == tables[code, "single"]


def test_spanish_has_no_locking_table_and_unknown_languages_have_none() -> None:
    """Section A.3.2 is void; 14 is reserved: the default table stands in (section 6.2.1.2.2)."""
    assert locking_shift(LANGUAGES["es"]) is None
    assert locking_shift(14) is single_shift(14) is None
    assert gsm.shifted(14, 14).decode(b"@\x1be") == "¡€"


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_no_table_uses_the_escape_and_each_character_comes_back(language: int) -> None:
    """What is written with locking and single shift reads as it was, characters of both tables in turn."""
    locking, single = locking_shift(language) or {}, single_shift(language) or {}
    assert gsm.ESCAPE not in locking
    assert gsm.ESCAPE not in single
    text = "".join([*locking.values(), *single.values()])
    letters = gsm.shifted(language, language)
    assert letters.first_foreign(text) is None
    assert letters.decode(letters.encode(text)) == text


@pytest.mark.parametrize(
    ("shifts", "octets", "text"),
    [
        ((0, 1), "1b47 1b49 1b53 1b63 1b65 1b67 1b69 1b73", "ĞİŞç€ğış"),  # section A.2.1
        ((1, 0), "04 07 0b 0c 1c 1d 40 60", "€ıĞğŞşİç"),  # A.3.1
        ((0, 2), "1b09 1b41 1b49 1b4f 1b55 1b61 1b69 1b6f 1b75", "çÁÍÓÚáíóú"),  # A.2.2
        ((0, 3), "1b05 1b09 1b7b 1b7c 1b7f 1b12", "êçãõâΦ"),  # A.2.3
        ((3, 0), "04 09 15 7b 7c 7d", "êç∞ãõ`"),  # A.3.3
        ((6, 6), "15 1e 01 5c 1b1c 1b26", "कझंॊ०॑"),  # A.3.6, A.2.6
        ((13, 0), "00 02 07 5d", "ابتِ"),  # A.3.13
    ],
)
def test_spot_checks(shifts: tuple[int, int], octets: str, text: str) -> None:
    """Rows read off the standard's own tables."""
    assert gsm.shifted(*shifts).decode(bytes.fromhex(octets)) == text
