"""The configuration of when and how often: quiet hours, send windows, caps. Clocks are the recipient's."""

from typing import Annotated, Literal

from pydantic import Field

from gatewayd.configtypes import NOT_EMPTY, Clock, Count, Model, Name, Names

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class QuietHours(Model):
    from_: Clock = Field(alias="from", description="first minute in which marketing does not leave")
    to: Clock = Field(description="first minute in which it leaves again")
    action: Literal["hold", "refuse"] = Field(default="hold", description="hold until then, or refuse")


class SendWindow(Model):
    days: Annotated[tuple[Day, ...], NOT_EMPTY] = Field(
        default=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), description="days of the week"
    )
    from_: Clock = Field(alias="from", description="first minute in which marketing of the brand leaves")
    to: Clock = Field(description="first minute in which it does not any more; quiet hours win")


class Frequency(Model):
    count: Count = Field(description="marketing messages per brand and number")
    days: Count = Field(description="in this many rolling days")


class Cap(Model):
    classes: Names = Field(description="classes that are counted together")
    per: Annotated[tuple[Literal["number", "brand", "text"], ...], NOT_EMPTY] = Field(
        default=("number", "brand"), description="what is counted apart; number is always of it"
    )
    count: Count = Field(description="messages in the period")
    minutes: Count | None = Field(default=None, description="the period; exactly one of the three")
    hours: Count | None = Field(default=None, description="the period")
    days: Count | None = Field(default=None, description="the period")
    window: Literal["rolling", "clock"] = Field(
        default="rolling", description="clock: one whole minute, hour or day of policy.timezone"
    )
    code: Literal["frequency_cap", "otp_cap", "duplicate_text"] = Field(
        default="frequency_cap", description="code of the refusal"
    )

    @property
    def seconds(self) -> int:
        return (self.minutes or 0) * 60 + (self.hours or 0) * 3600 + (self.days or 0) * 86_400


class Brakes(Model):
    after: Count = Field(
        default=100, description="receipts and refusals of a tag's marketing before it is judged"
    )
    failed: float = Field(
        default=0.5, ge=0, le=1, description="share that the SMSC refuses or does not deliver; more: paused"
    )
    opted_out: float = Field(default=0.05, ge=0, le=1, description="share that opts out; more: paused")


def _otp(count: int, per: tuple[str, ...], **period: int | str) -> Cap:
    return Cap.model_validate({"classes": ("otp",), "per": per, "count": count, "code": "otp_cap", **period})


# what platforms allow of verification codes to one number; minute and hour by the clock, the day rolling
SHIPPED_CAPS = (
    _otp(1, ("number", "brand"), minutes=1, window="clock"),
    _otp(5, ("number", "brand"), hours=1, window="clock"),
    _otp(10, ("number", "brand"), hours=24),
    _otp(40, ("number",), hours=24),
)

EVERY_DAY: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _window(start: str, end: str, days: tuple[Day, ...] = EVERY_DAY) -> SendWindow:
    return SendWindow.model_validate({"from": start, "to": end, "days": days})


# when customers read, as practice names it: living, catering, shops, education
SHIPPED_WINDOWS: dict[Name, tuple[SendWindow, ...]] = {
    "breakfast": (_window("07:00", "09:00"),),
    "lunch": (_window("11:00", "13:00"),),
    "lunch_choice": (_window("10:30", "11:30"),),
    "evening": (_window("19:00", "21:00"),),
    "weekend": (_window("10:00", "11:00", ("sat", "sun")),),
    "saturday": (_window("09:00", "11:00", ("sat",)),),
}
