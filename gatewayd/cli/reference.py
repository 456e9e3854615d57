"""The reference of every configuration key and every metric, made from what judges and counts them.

`python -m gatewayd.cli.reference FILE` writes both between their marks in FILE (config/README.md).
"""

import sys
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gatewayd import configcarriers as carriers
from gatewayd import configcontent as content
from gatewayd import configlimits as limits
from gatewayd import configlink as link
from gatewayd import configmodel as model
from gatewayd import configpolicy as policy
from gatewayd import configreplies as replies
from gatewayd.configtypes import Secret
from gatewayd.metrics import Metrics

BEGIN = "<!-- keys: written by gatewayd.cli.reference -->"
END = "<!-- end of keys -->"
METRICS_BEGIN = "<!-- metrics: written by gatewayd.cli.reference -->"
METRICS_END = "<!-- end of metrics -->"

_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The file", model.Config),
    ("listeners: a list of", model.Listener),
    ("clients: NAME:", model.Client),
    ("links: NAME:", link.Link),
    ("links: NAME: tls:", link.Tls),
    ("links: NAME: retry: STATUS:", link.RetryRule),
    ("links: NAME: text:", link.Text),
    ("links: NAME: receipts:", link.Receipts),
    ("replies: of policy, a link or a brand", replies.Replies),
    ("replies: opt_out: and opt_in: a list of", replies.ReplyWord),
    ("A secret (password, key)", Secret),
    ("encryption:", model.Encryption),
    ("brands: NAME:", policy.Brand),
    ("suspended: of a client or a brand", policy.Suspension),
    ("classes: NAME:", policy.ClassSettings),
    ("routes: a list of", model.Route),
    ("routes: match:", model.Match),
    ("carriers:", carriers.Carriers),
    ("carriers: prefixes: PREFIX:", carriers.CarrierRange),
    ("policy:", policy.Policy),
    ("policy: quiet_hours:", limits.QuietHours),
    ("policy: send_windows: NAME: a list of", limits.SendWindow),
    ("policy: frequency: a list of", limits.Frequency),
    ("policy: caps: a list of", limits.Cap),
    ("policy: brakes:", limits.Brakes),
    ("policy: words: a list of", content.WordList),
    ("policy: links:", content.WebLinks),
    ("policy: opt_out_text:", content.OptOutText),
    ("policy: lints:", content.Lints),
    ("tests: a list of", model.RoutingTest),
    ("limits:", model.Limits),
)
_SPELLED_BELOW = (
    carriers.Carriers(),
    content.Lints(),
    content.OptOutText(),
    link.Receipts(),
    link.Text(),
    model.Limits(),
    policy.Policy(),
    replies.Replies(),
)
_KINDS: dict[object, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def reference() -> str:
    """All tables, in Markdown."""
    return "\n".join(f"### {title}\n\n{_table(record)}" for title, record in _SECTIONS)


def between_marks(text: str) -> str:
    """`text` with keys and metrics written anew between the marks it has."""
    text = _between(text, BEGIN, END, reference())
    return _between(text, METRICS_BEGIN, METRICS_END, metrics())


def _between(text: str, begin: str, end: str, written: str) -> str:
    before, mark, rest = text.partition(begin)
    return f"{before}{begin}\n\n{written}\n{end}{rest.partition(end)[2]}" if mark else text


def metrics() -> str:
    """The table of all metrics, in Markdown."""
    head = "| metric | type | labels | meaning |\n| --- | --- | --- | --- |"
    rows = [
        f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {text} |"
        for name, kind, labels, text in sorted(Metrics().families)
    ]
    return "\n".join([head, *rows, ""])


def _table(record: type[BaseModel]) -> str:
    head = "| key | value | default | meaning |\n| --- | --- | --- | --- |\n"
    return head + "".join(_row(name, field) for name, field in record.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    kind = " or ".join(dict.fromkeys(_kinds(field.annotation)))
    cells = (f"`{field.alias or name}`", kind, _default(field), field.description or "")
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "must be given"
    if value is None or value in ((), {}) or value in _SPELLED_BELOW:
        return ""
    values = value if isinstance(value, tuple) else (value,)
    return ", ".join(f"`{_inline(item)}`" for item in values)


def _inline(value: object) -> str:
    """A value as YAML would have it on one line."""
    if isinstance(value, BaseModel):
        items = value.model_dump(by_alias=True, exclude_unset=True).items()
        return f"{{{', '.join(f'{key}: {_inline(item)}' for key, item in items)}}}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_inline, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value) or '""'


def _kinds(annotation: Any) -> list[str]:
    """What may stand there, in an operator's words."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return [f"`{value}`" for value in inner]
    if origin is Annotated:
        return _kinds(inner[0])
    if origin in (Union, UnionType):
        return [kind for part in inner if part is not NoneType for kind in _kinds(part)]
    if origin in (tuple, dict):
        held = inner[0] if origin is tuple else inner[1]
        return [f"{'list of' if origin is tuple else 'map of name to'} {' or '.join(_kinds(held))}"]
    return [_KINDS.get(annotation, "mapping")]


def main() -> None:
    path = Path(sys.argv[1])
    path.write_text(between_marks(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
