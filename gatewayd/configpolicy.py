"""The configuration of policy: brands, classes, and the rules of `policy:`. Durations are seconds."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, Tag

from gatewayd.configcontent import SHIPPED_WORDS, Domain, Lints, OptOutText, WebLinks, WordList
from gatewayd.configlimits import SHIPPED_CAPS, Brakes, Cap, Frequency, QuietHours, SendWindow
from gatewayd.configreplies import Replies
from gatewayd.configtypes import LONGEST_VALIDITY, Count, Model, Name, Seconds, Zone, form, told_by_type

WindowOrName = Annotated[
    Annotated[Name, Tag("name")] | Annotated[SendWindow, Tag("window")], told_by_type(name=str, window=dict)
]


class Suspension(Model):
    action: Literal["hold", "drop"] = Field(
        default="hold", description="what waits is held until the section is gone, or ends as rejected"
    )
    reason: Annotated[str, Field(min_length=1, max_length=255)] = Field(
        description="told with each refusal, and in the log at start"
    )


class Brand(Model):
    signature: Annotated[str, form("【[^【】]+】", "must have the form 【…】")] | None = Field(
        default=None, description="the one signature of its texts, added where it is missing; null: none"
    )
    signature_place: Literal["head", "tail"] = Field(
        default="head", description="where the signature stands in its texts"
    )
    signature_missing: Literal["add", "refuse"] = Field(
        default="add", description="add the signature to a text without one, or refuse it"
    )
    opt_out_text: str = Field(
        default="回复TD退订", description="told in marketing texts; one of the known forms, as 拒收请回复R"
    )
    links: tuple[Domain, ...] | None = Field(
        default=None, description="domains its links may lead to, besides policy.links; no others"
    )
    sender: Annotated[
        str,
        form(
            r"[0-9]{1,20}|(?=.*[A-Za-z])[A-Za-z0-9 ._&-]{1,11}",
            "must be 1 to 20 digits, or 1 to 11 Latin letters and digits",
        ),
    ] = Field(description="source address of its messages; opt-outs to it count for this brand")
    replies: Replies = Field(
        default=Replies(), description="keywords of replies to it, over those of policy and of the link"
    )
    send_windows: tuple[WindowOrName, ...] = Field(
        default=(), description="its marketing leaves in these only; names of policy.send_windows, or windows"
    )
    throughput: float = Field(
        default=0,
        ge=0,
        allow_inf_nan=False,
        description="segments a second over all links, of all its classes; 0: no limit",
    )
    slow_down: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="share of refused among its last 200 answers, or of blocked among its last 200 receipts, "
        "above which throughput is halved for a while; 0: never",
    )
    weight: Count = Field(
        default=1, description="its share beside the client's other brands, below the priority of otp"
    )
    industry: Name | None = Field(
        default=None, description="finance never sends marketing; other names carry no rule of their own"
    )
    templates: Literal["none", "required_for_marketing", "required"] = Field(
        default="none", description="texts that must be those of an approved template; required: all of them"
    )
    suspended: Suspension | None = Field(
        default=None, description="present: nothing more is taken or sent for the brand"
    )


class ClassSettings(Model):
    """What a file says about one class; the rest is the shipped class of that name, else `notice`."""

    priority: int | None = Field(default=None, ge=0, le=99, description="lower leaves first")
    validity: Annotated[float, Field(gt=0, le=LONGEST_VALIDITY, allow_inf_nan=False)] | None = Field(
        default=None, description="seconds after which it no longer leaves"
    )
    receipt_wait: Seconds | None = Field(
        default=None, description="seconds to wait for a final receipt, then unknown"
    )
    in_doubt: Literal["report", "resend"] | None = Field(
        default=None, description="report: never twice; resend: at most once"
    )
    marketing: bool | None = Field(
        default=None, description="forces opt_out, opt_out_text, quiet_hours, consent, frequency"
    )
    opt_out: bool | None = Field(default=None, description="refused to numbers that opted out of the brand")
    opt_out_text: bool | None = Field(default=None, description="must tell how to opt out")
    quiet_hours: bool | None = Field(default=None, description="does not leave in quiet hours")
    consent: bool | None = Field(default=None, description="needs the recipient's consent")
    consent_source: bool | None = Field(
        default=None, description="that consent must tell channel and time, not only that it was given"
    )
    frequency: bool | None = Field(default=None, description="counted against policy.frequency")


def _shipped(
    priority: int,
    validity: int,
    receipt_wait: int,
    in_doubt: str,
    *,
    marketing: bool,
    consent_source: bool = False,
) -> ClassSettings:
    return ClassSettings.model_validate(
        {
            "priority": priority,
            "validity": validity,
            "receipt_wait": receipt_wait,
            "in_doubt": in_doubt,
            "marketing": marketing,
            "consent_source": consent_source,
        }
    )


SHIPPED_CLASSES: Mapping[str, ClassSettings] = MappingProxyType(
    {
        "emergency": _shipped(0, 7_200, 259_200, "resend", marketing=False),
        "otp": _shipped(1, 300, 3_600, "resend", marketing=False),
        "notice": _shipped(2, 86_400, 259_200, "report", marketing=False),
        "member": _shipped(3, 172_800, 259_200, "report", marketing=True),
        "traffic": _shipped(4, 172_800, 259_200, "report", marketing=True, consent_source=True),
    }
)


class Policy(Model):
    timezone: Zone = Field(
        default="Asia/Shanghai", description="time zone of rules that speak of the time of day"
    )
    default_country: Annotated[
        str, form(r"[1-9][0-9]{0,2}", 'must be 1 to 3 digits in quotes, as in "86"')
    ] = Field(default="86", description="country code of numbers written without one")
    quiet_hours: QuietHours | None = Field(
        default=QuietHours.model_validate({"from": "21:00", "to": "08:00"}),
        description="when marketing does not leave, by the recipient's clock; null: no such hours",
    )
    send_windows: dict[Name, tuple[SendWindow, ...]] = Field(
        default={}, description="named windows for brands, merged over the shipped ones"
    )
    caps: tuple[Cap, ...] = Field(default=SHIPPED_CAPS, description="further limits; here: those of otp")
    brakes: Brakes | None = Field(default=Brakes(), description="when a tag is paused by itself; null: never")
    exempt: tuple[str, ...] = Field(
        default=(), description="numbers that no cap counts: tests, own staff; all other rules hold"
    )
    frequency: tuple[Frequency, ...] = Field(
        default=(Frequency(count=2, days=7), Frequency(count=4, days=30)), description="limits for marketing"
    )
    words: tuple[WordList, ...] = Field(
        default=SHIPPED_WORDS, description="words that are refused, replaced or warned of"
    )
    service_marks: Literal["warn", "refuse"] = Field(
        default="warn", description="what marks of marketing in a text of another class lead to"
    )
    links: WebLinks | None = Field(
        default=None, description="links that texts may carry; absent: any, where the brand has no links"
    )
    opt_out_text: OptOutText = Field(
        default=OptOutText(), description="how to opt out, which marketing texts must tell"
    )
    lints: Lints = Field(default=Lints(), description="what the reply to a submit warns of")
    replies: Replies = Field(default=Replies(), description="keywords of replies, over those that ship")
