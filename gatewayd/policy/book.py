"""The policy of one configuration, compiled: what the stages look things up in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

import msgspec

from gatewayd.configmodel import Config
from gatewayd.configpolicy import Brand


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """One for each snapshot; a family of rules keeps a record of its own here."""

    brands: Mapping[str, Brand]

    @classmethod
    def build(cls, config: Config) -> Self:
        return cls(brands=MappingProxyType(config.brands))
