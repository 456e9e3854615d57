"""The notation of templates: a text with variables, as `您的验证码为{code:digits:4-8}`.

`{NAME}`, `{NAME:KIND}` or `{NAME:KIND:LENGTH}`, where LENGTH is `6` or `4-8` characters; `{{` and `}}` are
braces. Kinds are those of `KINDS`; without one it is `text`. Two variables never touch, and in a text that
is given in full a value ends where the text behind its variable first occurs: so it is plain where each ends,
and to match a text takes time by its length only, whatever a client writes.

Source: variables of Chinese platforms have kinds and lengths, are at most 20, and none stand side by side.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Final, NamedTuple

from gatewayd.errors import GatewayError

MOST_VARIABLES: Final = 20
LONGEST_TEXT: Final = 1000  # characters, as Chinese platforms take them with all variables filled in
LONGEST_VALUE: Final = 500


class BadTemplate(GatewayError):
    """A text that is no template; the message says why."""


class BadParams(GatewayError):
    """Params that do not fit the variables; the message names the variable, never a value."""


class Kind(NamedTuple):
    """characters: those a value is made of, as a set of regular expressions. form: what it is as a whole.

    shortest, longest: its length where the template does not say.
    """

    characters: str
    form: re.Pattern[str]
    shortest: int
    longest: int
    told: str


def _kind(characters: str, form: str, shortest: int, longest: int, told: str) -> Kind:
    return Kind(characters, re.compile(form), shortest, longest, told)


_ANY: Final = r".*"
_TIME: Final = "0-9年月日号时点分秒周星期一二三四五六日天今明上中下午早晚半 :：/.,~-"
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "text": _kind(r"[^【】\r\n]", r".*\S.*", 1, 20, "text without 【】 and line breaks"),
        "digits": _kind("[0-9]", _ANY, 1, 20, "digits"),
        "alnum": _kind("[0-9A-Za-z-]", r"[0-9A-Za-z].*", 1, 30, "Latin letters, digits and -"),
        "amount": _kind("[0-9,.-]", r"-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{1,4})?", 1, 16, "an amount"),
        "time": _kind(f"[{_TIME}]", r".*[0-9一二三四五六日天今明].*", 1, 30, "a date or time of day"),
        "phone": _kind("[0-9+* -]", r"\+?[0-9*][0-9* -]*[0-9]", 3, 20, "a telephone number"),
        "url": _kind(
            r"[!-z|~]",
            r"(https?://)?([0-9A-Za-z-]+\.)+[A-Za-z]{2,}(:[0-9]+)?([/?#].*)?",
            4,
            100,
            "a link",
        ),
    }
)
_END: Final = r"\Z"
_VARIABLE: Final = re.compile(
    r"(?P<name>[^\W\d]\w{0,31})(?::(?P<kind>[a-z]+)(?::(?P<shortest>[0-9]{1,3})(?:-(?P<longest>[0-9]{1,3}))?)?)?"
)
_PIECE: Final = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+")


class Variable(NamedTuple):
    name: str
    kind: str
    shortest: int
    longest: int

    def fits(self, value: str) -> bool:
        kind = KINDS[self.kind]
        made_of = re.fullmatch(f"{kind.characters}{{{self.shortest},{self.longest}}}", value)
        return made_of is not None and kind.form.fullmatch(value) is not None

    @property
    def told(self) -> str:
        length = f"{self.shortest}" if self.shortest == self.longest else f"{self.shortest} to {self.longest}"
        return f"must be {KINDS[self.kind].told}, {length} characters"


class TemplateText:
    """A text, read. Raises BadTemplate."""

    def __init__(self, text: str) -> None:
        if not text.strip() or len(text) > LONGEST_TEXT:
            raise BadTemplate(f"a template has 1 to {LONGEST_TEXT} characters")
        if "【" in text or "】" in text:
            raise BadTemplate("a template has no 【 and 】: the brand's signature is added to its texts")
        self._pieces = tuple(_pieces(text))
        self.variables = {piece.name: piece for piece in self._pieces if isinstance(piece, Variable)}
        self._check()

    def _check(self) -> None:
        variables = [piece for piece in self._pieces if isinstance(piece, Variable)]
        if len(variables) > len(self.variables):
            raise BadTemplate("two variables have the same name")
        if len(variables) > MOST_VARIABLES:
            raise BadTemplate(f"more than {MOST_VARIABLES} variables")
        if len(variables) == len(self._pieces):
            raise BadTemplate("nothing but a variable")
        for one, other in pairwise(self._pieces):
            if isinstance(one, Variable) and isinstance(other, Variable):
                raise BadTemplate(f"{{{one.name}}} and {{{other.name}}} stand side by side")

    def fill(self, params: Mapping[str, str]) -> str:
        """The text with its values. Raises BadParams."""
        if unknown := sorted(params.keys() - self.variables.keys()):
            raise BadParams(f"the template has no variable {unknown[0]}")
        return "".join(
            piece if isinstance(piece, str) else _value(piece, params.get(piece.name))
            for piece in self._pieces
        )

    def matches(self, text: str) -> bool:
        """Whether it is this template with some values."""
        found = self._pattern.fullmatch(text)
        if found is None:
            return False
        for number, is_formed in self._forms:  # noqa: SIM110  all() costs more than what it would call
            if not is_formed(found[number]):
                return False
        return True

    @property
    def head(self) -> str:
        """What any of its texts begins with; empty where that is a variable."""
        first = self._pieces[0]
        return first if isinstance(first, str) else ""

    @cached_property
    def _forms(self) -> list[tuple[int, Callable[[str], object]]]:
        """The variables whose characters do not make a value yet."""
        forms = ((number, KINDS[v.kind].form) for number, v in enumerate(self.variables.values(), 1))
        return [(number, form.fullmatch) for number, form in forms if form.pattern != _ANY]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Each variable as short as may be up to what stands behind it, and never looked at again."""
        parts: list[str] = []
        for piece, behind in pairwise([*self._pieces, ""]):
            if isinstance(piece, Variable):
                assert isinstance(behind, str)
                value = f"({KINDS[piece.kind].characters}{{{piece.shortest},{piece.longest}}}?)"
                parts.append(f"(?>{value}{re.escape(behind) or _END})")
            elif not parts:
                parts.append(re.escape(piece))
        return re.compile("".join(parts), re.DOTALL)


def _pieces(text: str) -> Iterator[str | Variable]:
    """Runs of plain text and variables, in turn."""
    plain = ""
    for found in _PIECE.findall(text):
        if found in ("{{", "}}"):
            plain += found[0]
        elif found in ("{", "}"):
            raise BadTemplate("a brace by itself: write {{ or }} for one in the text")
        elif found[0] != "{":
            plain += found
        else:
            if plain:
                yield plain
            plain = ""
            yield _variable(found[1:-1])
    if plain:
        yield plain


def _variable(written: str) -> Variable:
    found = _VARIABLE.fullmatch(written)
    if found is None:
        raise BadTemplate("a variable is {NAME}, {NAME:KIND} or {NAME:KIND:LENGTH}, as {code:digits:4-8}")
    name, kind = found["name"], KINDS.get(found["kind"] or "text")
    if kind is None:
        raise BadTemplate(f"{{{name}}} has an unknown kind; there is: {', '.join(KINDS)}")
    shortest = int(found["shortest"] or kind.shortest)
    longest = int(found["longest"] or found["shortest"] or kind.longest)
    if not 1 <= shortest <= longest <= LONGEST_VALUE:
        raise BadTemplate(f"{{{name}}}: its length must be 1 to {LONGEST_VALUE}, the smaller first")
    return Variable(name, found["kind"] or "text", shortest, longest)


def _value(variable: Variable, value: str | None) -> str:
    if value is None:
        raise BadParams(f"{variable.name} is missing")
    if not variable.fits(value):
        raise BadParams(f"{variable.name} {variable.told}")
    return value
