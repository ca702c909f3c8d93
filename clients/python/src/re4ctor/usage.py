"""What an API key has used and has left, as a node answers it. Nothing of it is signed."""

from __future__ import annotations

from dataclasses import dataclass, field

from re4ctor._fields import Fields

MAX_USAGE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeyName:
    """Whose the key is.

    Attributes:
        id: The node's name for the key, not the key itself.
        name: The name for people.
        scopes: What it may do: ``random``, ``vrf``, ``draws``.
        expires: When it ends, in seconds since 1970; None for never.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    expires: int | None


@dataclass(frozen=True, slots=True)
class Rate:
    """Where the key stands with its rate limit.

    Attributes:
        limit: Units that may be spent at once.
        window_seconds: The seconds in which all of them come back.
        remaining: Units left now.
        reset_seconds: The seconds until all are back.
    """

    limit: int
    window_seconds: int
    remaining: int
    reset_seconds: int


@dataclass(frozen=True, slots=True)
class Quota:
    """Where the key stands with its quota.

    Attributes:
        units: Units of a period.
        per: The period: ``day`` or ``month``, of UTC.
        used: Units spent in this period.
        left: Units left in it.
        resets: When the next one begins, in seconds since 1970.
    """

    units: int
    per: str
    used: int
    left: int
    resets: int


@dataclass(frozen=True, slots=True)
class DayUsage:
    """What was used of one route on one day of UTC."""

    day: str
    route: str
    requests: int
    units: int


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of the last 31 days.

    Attributes:
        json: The document as it was given.
        key: Whose it is.
        rate: Its rate limit.
        quota: Its quota, where it has one.
        days: What it used, the oldest first.
    """

    json: bytes = field(repr=False)
    key: KeyName
    rate: Rate
    quota: Quota | None
    days: tuple[DayUsage, ...]

    @classmethod
    def parse(cls, octets: bytes) -> Usage:
        """Parses the node's answer. Fields that a newer node adds are left alone.

        Raises:
            MalformedDocument: It has not these fields.
        """
        fields = Fields.parse(octets, MAX_USAGE_BYTES)
        quota = fields.object_or_null("quota")
        return cls(
            octets,
            _key(fields.object("key")),
            _rate(fields.object("rate")),
            None if quota is None else _quota(quota),
            tuple(_day(day) for day in fields.list("days")),
        )


def _key(fields: Fields) -> KeyName:
    expires = fields.integer("expires") if fields.has("expires") else None
    return KeyName(fields.text("id"), fields.text("name"), fields.texts("scopes"), expires)


def _rate(fields: Fields) -> Rate:
    names = ("limit", "window_seconds", "remaining", "reset_seconds")
    return Rate(**{name: fields.integer(name) for name in names})


def _quota(fields: Fields) -> Quota:
    units, used = fields.integer("units"), fields.integer("used")
    left, resets = fields.integer("left"), fields.integer("resets")
    return Quota(units, fields.text("per"), used, left, resets)


def _day(fields: Fields) -> DayUsage:
    requests, units = fields.integer("requests"), fields.integer("units")
    return DayUsage(fields.text("day"), fields.text("route"), requests, units)
