"""Kinds of values in a configuration: names, times of day, addresses; each says itself what it wants."""

import re
from collections.abc import Sized
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field
from pydantic_core import PydanticCustomError

_Sized = TypeVar("_Sized", bound=Sized)


class Model(BaseModel):
    """A section of the file: strict, a text is no number, and unknown keys are errors."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


LONGEST_VALIDITY = 604_800  # a week: the longest validity a message may ask for (CONTRACT.md section 4)


def form(pattern: str, message: str) -> AfterValidator:
    """A text must match `pattern` whole; `message` tells an operator what that means."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise PydanticCustomError("form", message)
        return text

    return AfterValidator(check)


def ascii_text(octets: int) -> AfterValidator:
    """A C-octet string of SMPP: `octets` is its size on the wire without the NUL."""
    return form(rf"[\x20-\x7e]{{0,{octets}}}", f"must be plain ASCII, at most {octets} characters")


def zone(name: str) -> tzinfo:
    """The time zone of a name (`Asia/Shanghai`) or of an offset (`+08:00`). Raises ValueError."""
    if offset := re.fullmatch(r"([+-])([0-9]{2}):([0-5][0-9])", name):
        sign, hours, minutes = offset.groups()
        return timezone(timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1))
    if name == "UTC":
        return UTC
    return ZoneInfo(name)


def _known_zone(name: str) -> str:
    try:
        zone(name)
    except (ValueError, OSError, KeyError):
        raise PydanticCustomError("zone", "no such time zone here; write Asia/Shanghai or +08:00") from None
    return name


def host_port(address: str) -> tuple[str, int]:
    """`127.0.0.1:9775` or `[::1]:9775` as host and port. Raises ValueError."""
    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\s:\[\]]+)):([0-9]{1,5})", address)
    if found is None or int(found[3]) > 65_535:
        raise ValueError(address)
    return found[1] or found[2], int(found[3])


def _address(text: str) -> str:
    try:
        host_port(text)
    except ValueError:
        raise PydanticCustomError("address", "must be HOST:PORT, as in 127.0.0.1:9775") from None
    return text


def reference_only(value: object) -> object:
    """A secret written where a reference belongs; the message must not quote it."""
    if isinstance(value, str | int | float):
        message = "never in clear: write {file: PATH}, {env: NAME} or {credential: NAME}"
        raise PydanticCustomError("in_clear", message)
    return value


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _not_empty(value: _Sized) -> _Sized:
    if not value:
        raise PydanticCustomError("empty", "must not be empty")
    return value


def told_by_type(**kinds: type) -> Discriminator:
    """Tell the forms of a union by their Python type; the first named is also the one a message speaks of."""

    def tag(value: object) -> str:
        return next((name for name, kind in kinds.items() if isinstance(value, kind)), next(iter(kinds)))

    return Discriminator(tag)


Name = Annotated[
    str, form(r"\w[\w.-]{0,63}", "a name is made of letters, digits, '.', '_' and '-', at most 64 of them")
]
NameOrAll = Annotated[str, form(r"\*|\w[\w.-]{0,63}", "must be a name, or '*' for all")]
_OneOrMore = BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])
NOT_EMPTY = AfterValidator(_not_empty)
Names = Annotated[tuple[Name, ...], NOT_EMPTY, _OneOrMore]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]
Octet = Annotated[int, Field(ge=0, le=255)]
Address = Annotated[str, AfterValidator(_address)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Mode = Annotated[str, form("0?[0-7]{3}", 'must be a file mode of octal digits, as in "0660"')]
Clock = Annotated[
    str, form(r"([01][0-9]|2[0-3]):[0-5][0-9]", 'must be a time of day from "00:00" to "23:59"')
]
StatWord = Annotated[
    str, form(r"[\x21-\x7e]{1,32}", "must be a word of plain ASCII as receipts have it in stat")
]
StatState = Literal[
    "enroute", "delivered", "expired", "deleted", "undeliverable", "accepted", "unknown", "rejected"
]
FailedState = Literal["enroute", "expired", "deleted", "undeliverable", "unknown", "rejected"]
Pattern = Annotated[
    str,
    form(r"\*|\+?[1-9][0-9]{0,19}\*?", "must be digits with country code, and * for any that follow"),
    AfterValidator(lambda text: text.removeprefix("+")),
]
Patterns = Annotated[tuple[Pattern, ...], NOT_EMPTY, _OneOrMore]


class Secret(Model):
    """Where a secret is read from; exactly one of the three. The secret itself is never part of a Config."""

    file: str | None = Field(
        default=None, description="a file that holds it; a line end after it does not count"
    )
    env: str | None = Field(default=None, description="the environment variable that holds it")
    credential: str | None = Field(
        default=None, description="a systemd credential: a file in $CREDENTIALS_DIRECTORY"
    )


SecretOf = Annotated[Secret, BeforeValidator(reference_only)]
