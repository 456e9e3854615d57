"""Types of the keys of a scenario, and what any section of it is."""

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from gatewayd.smpp import consts


def _command_status(value: object) -> object:
    """A number as it is, a symbolic name as its number."""
    if not isinstance(value, str):
        return value
    if value not in consts.STATUS_NUMBERS:
        raise ValueError("no such command_status: write its name (ESME_RTHROTTLED) or its number")
    return consts.STATUS_NUMBERS[value]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("no such time zone: write one like UTC or Asia/Shanghai")
    return name


Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=31_536_000)]
CommandStatus = Annotated[int, BeforeValidator(_command_status), Field(ge=1, le=0xFFFFFFFF)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Octet = Annotated[int, Field(ge=0, le=255)]
Number = Annotated[str, Field(pattern="^[0-9]{1,20}$")]


def bare(field: str, value: object) -> object:
    """A number where a section is expected stands for that section with the number in `field`."""
    return {field: value} if isinstance(value, int | float) else value


class Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
