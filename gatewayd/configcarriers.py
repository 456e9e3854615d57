"""The configuration of carriers: prefixes over the shipped table, ported numbers, numbers of things."""

import csv
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, Tag

from gatewayd.carriers import Carriers as Table
from gatewayd.carriers import Kind, Range, names_in, read_ranges, shipped_ranges
from gatewayd.configtypes import Model, Name, form, told_by_type
from gatewayd.csvrows import BadRow
from gatewayd.ported import MAX_CARRIERS, NONE, read_ported

T = TypeVar("T")


class CarrierRange(Model):
    carrier: Name = Field(description="carrier of the numbers that begin with this prefix")
    kind: Kind = Field(
        default="mobile",
        description="virtual: sold by a virtual operator over this carrier's network; iot: for things, which "
        "as a rule get no messages",
    )


Prefix = Annotated[
    str,
    form(r"\+?[1-9][0-9]{0,14}", "a prefix is 1 to 15 digits with country code"),
    AfterValidator(lambda text: text.removeprefix("+")),
]
_RangeOrCarrier = Annotated[
    CarrierRange,
    BeforeValidator(
        lambda value: {"carrier": value} if isinstance(value, str) else value,
        json_schema_input_type=str | CarrierRange,
    ),
]
Prefixes = Annotated[
    Annotated[str, Field(min_length=1), Tag("file")] | Annotated[dict[Prefix, _RangeOrCarrier], Tag("map")],
    told_by_type(map=dict, file=str),
]


class Carriers(Model):
    prefixes: Prefixes = Field(
        default={},
        description="over the shipped table of China, the longest prefix counts: a map of prefix to carrier, "
        "or to {carrier, kind}; or a CSV file of PREFIX,CARRIER,KIND",
    )
    ported: str | None = Field(
        default=None,
        min_length=1,
        description="CSV file of NUMBER,CARRIER: numbers that are not with the carrier of their prefix",
    )
    iot: Literal["warn", "refuse"] = Field(
        default="warn",
        description="numbers of kind iot: accepted with a warning in the reply to the submit, or refused",
    )

    _table: Table = PrivateAttr(default_factory=lambda: Table(shipped_ranges()))
    _complete: bool = PrivateAttr(default=False)

    @property
    def table(self) -> Table:
        """The shipped one until the files have been read."""
        return self._table

    @property
    def complete(self) -> bool:
        """Prefixes are given and could be read: what the table does not name, does not exist."""
        return self._complete

    def read(self, default_country: str) -> list[tuple[str, str]]:
        """Read the files and keep what they say. What is wrong with them, as key and message."""
        ranges, wrong = self._ranges()
        if wrong:
            return [("prefixes", message) for message in wrong]
        self._complete = "prefixes" in self.model_fields_set
        ported = NONE
        if self.ported is not None:
            reader = partial(read_ported, carriers=names_in(ranges), default_country=default_country)
            ported, wrong = _from_file(self.ported, reader, NONE)
        self._table = Table(ranges, ported)
        return [("ported", message) for message in wrong]

    def _ranges(self) -> tuple[dict[str, Range], list[str]]:
        """The shipped ones with those of the file or the map over them."""
        own: dict[str, Range] = {}
        wrong: list[str] = []
        if isinstance(self.prefixes, str):
            own, wrong = _from_file(self.prefixes, read_ranges, own)
        else:
            own = {prefix: Range(told.carrier, told.kind) for prefix, told in self.prefixes.items()}
        ranges = {**shipped_ranges(), **own}
        if len(names_in(ranges)) > MAX_CARRIERS:
            wrong.append(f"more than {MAX_CARRIERS} carriers: are the columns PREFIX,CARRIER?")
        return ranges, wrong


def _from_file(
    path: str, reader: Callable[[Iterable[str]], tuple[T, list[BadRow]]], nothing: T
) -> tuple[T, list[str]]:
    """What a file says, and what is wrong with it."""
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as lines:
            told, bad = reader(lines)
    except OSError as error:
        return nothing, [f"{path} cannot be read: {error.strerror}"]
    except UnicodeDecodeError:
        return nothing, [f"{path} is not UTF-8"]
    except csv.Error as error:
        return nothing, [f"{path} is no CSV: {error}"]
    return told, [f"{path}:{row.line}: {row.reason}" for row in bad]
