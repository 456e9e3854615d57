"""Approved templates of a brand: which version is used, which text is of one, and what is kept in memory."""

from collections.abc import Iterable

import pytest

from gatewayd.policy import template_sets
from gatewayd.policy.template_sets import Review, Template, TemplateSet, TemplateSets


def template(name: str, text: str, version: int = 1, class_: str = "notice") -> Template:
    return Template(
        brand="mall",
        name=name,
        version=version,
        text=text,
        class_=class_,
        group=None,
        review=Review.APPROVED,
        put_at=0,
        put_by="shop",
    )


def test_by_name_the_newest_is_used_and_a_text_is_of_any() -> None:
    """Texts under way are of the version before still."""
    known = TemplateSet([template("t", "new {v}", 3), template("t", "old {v}", 2)])
    newest = known.newest("t")
    assert newest is not None
    assert newest.key == ("t", 3)
    found = known.of_text("old x", "notice")
    assert found is not None
    assert found.key == ("t", 2)
    assert known.newest("u") is None
    assert known.version(("t", 1)) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("您的快递已到a", "parcel"),
        ("您的快递已到", None),
        ("张先生，您好", "hello"),
        ("好", "short"),
        ("好的", None),
    ],
)
def test_a_text_is_found_by_its_first_characters(text: str, name: str | None) -> None:
    """Also where a template begins with a variable, or has less than they are."""
    known = TemplateSet(
        [template("parcel", "您的快递已到{v}"), template("hello", "{v}，您好"), template("short", "好")]
    )
    found = known.of_text(text, "notice")
    assert (None if found is None else found.template.name) == name
    assert known.of_text(text, "otp") is None


def test_a_set_is_read_again_after_a_change_only() -> None:
    """As the stamp tells."""
    reads: list[int] = []

    def read() -> Iterable[Template]:
        reads.append(1)
        return [template("t", "x {v}")]

    sets = TemplateSets()
    first = sets.of("mall", 1, read)
    assert sets.of("mall", 1, read) is first
    assert sets.of("mall", 2, read) is not first
    assert len(reads) == 2


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brands not asked for longest go first; the last one stays, whatever it takes."""
    monkeypatch.setattr(template_sets, "MOST_KEPT", 4)
    sets, reads = TemplateSets(), list[str]()

    def ask(brand: str, count: int) -> None:
        def read() -> Iterable[Template]:
            reads.append(brand)
            return [template(f"t{n}", "x {v}") for n in range(count)]

        assert len(sets.of(brand, 1, read)) == count

    ask("a", 2)
    ask("b", 2)
    ask("a", 2)
    ask("c", 2)  # b has to go
    ask("a", 2)
    assert reads == ["a", "b", "c"]
    ask("d", 9)
    ask("d", 9)
    ask("a", 2)
    assert reads == ["a", "b", "c", "d", "a"]
