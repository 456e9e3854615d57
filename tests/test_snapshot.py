"""Config -> Snapshot: rights, classes, brands and routes, compiled."""

import pytest

from gatewayd.config import parse_config
from gatewayd.snapshot import Snapshot, routing_tests

FILE = """\
clients:
  shop: {users: [shop, "1005"], groups: [sms-shop], brands: [xxmall], classes: [otp, alert], window: 5}
  ops: {groups: [adm], admin: true}
  anyone: {users: ["*"], brands: ["*"], classes: ["*"]}
links:
  a: {host: x, system_id: y}
  b: {host: x, system_id: y}
brands:
  xxmall: {sender: "10690001"}
  sub: {sender: "1069000102"}
  twin: {sender: "1069000102"}
  acme: {sender: ACME}
classes:
  otp: {validity: 120}
  alert: {priority: 0, opt_out: true}
  promo: {marketing: true}
routes:
  - {match: {class: [otp, alert], to: ["+86*"]}, links: [b, a]}
  - {match: {brand: xxmall, client: shop}, links: [a]}
  - {match: {class: promo}, links: {a: 30, b: 70}}
"""


def snapshot_of(text: str = FILE) -> Snapshot:
    return Snapshot.build(parse_config(text.encode(), "f"))


@pytest.mark.parametrize(
    ("users", "groups", "client"),
    [
        (["shop", "1000"], ["users", "100"], "shop"),
        (["nobody", "1005"], [], "shop"),
        (["bob"], ["users", "sms-shop", "adm"], "shop"),
        (["bob"], ["adm"], "ops"),
        (["bob"], [], "anyone"),
        ([], [], "anyone"),
    ],
)
def test_a_peer_is_the_first_client_it_is_a_user_or_group_of(
    users: list[str], groups: list[str], client: str
) -> None:
    """Names or numbers, users or groups, in the order of the file; `*` is everybody."""
    assert snapshot_of().client_of(users, groups) == client


def test_a_peer_that_no_client_names_is_nobody() -> None:
    """Without `*` a stranger has no rights."""
    text = FILE.replace('  anyone: {users: ["*"], brands: ["*"], classes: ["*"]}\n', "")

    assert snapshot_of(text).client_of(["bob"], ["users"]) is None


def test_rights_spell_out_the_star() -> None:
    """`*` is every brand and class of the file and the shipped classes, so a submit pays one look-up."""
    snapshot = snapshot_of()

    assert snapshot.clients["anyone"].brands == {"xxmall", "sub", "twin", "acme"}
    assert snapshot.clients["anyone"].classes == {
        *("emergency", "otp", "notice", "member", "traffic", "alert", "promo")
    }
    assert snapshot.clients["shop"].brands == {"xxmall"}
    assert snapshot.clients["shop"].classes == {"otp", "alert"}
    assert snapshot.clients["shop"].window == 5
    assert snapshot.clients["ops"].brands == frozenset()
    assert [name for name, rights in snapshot.clients.items() if rights.admin] == ["ops"]


SHIPPED = [
    ("emergency", 0, 7_200, 259_200, "resend", False),
    ("otp", 1, 300, 3_600, "resend", False),
    ("notice", 2, 86_400, 259_200, "report", False),
    ("member", 3, 172_800, 259_200, "report", True),
    ("traffic", 4, 172_800, 259_200, "report", True),
]


def test_the_shipped_classes_are_those_of_the_contract() -> None:
    """The table of CONTRACT.md section 3; marketing forces every rule for marketing."""
    classes = snapshot_of("links: {a: {host: x, system_id: y}}\n").classes

    told = [
        (c.name, c.priority, c.validity, c.receipt_wait, c.in_doubt, c.marketing) for c in classes.values()
    ]
    assert told == SHIPPED
    for shipped in classes.values():
        forced = {
            shipped.opt_out,
            shipped.opt_out_text,
            shipped.quiet_hours,
            shipped.consent,
            shipped.frequency,
        }
        assert forced == {shipped.marketing}


def test_a_files_class_is_merged_over_the_shipped_one() -> None:
    """A key left out keeps the shipped value; an own class stands over notice and chooses its rules."""
    classes = snapshot_of().classes

    assert (classes["otp"].validity, classes["otp"].receipt_wait, classes["otp"].in_doubt) == (
        120,
        3600,
        "resend",
    )
    assert (classes["alert"].priority, classes["alert"].validity, classes["alert"].marketing) == (
        0,
        86_400,
        False,
    )
    assert (classes["alert"].opt_out, classes["alert"].consent) == (True, False)
    assert (classes["promo"].opt_out, classes["promo"].consent) == (True, True)


@pytest.mark.parametrize(
    ("message", "spec"),
    [
        (("otp", "acme", "ops", "8613800138000"), "failover:b,a"),
        (("otp", "xxmall", "shop", "447700900123"), "failover:a"),
        (("promo", "acme", "ops", "8613800138000"), "weighted:a=30,b=70"),
        (("notice", "acme", "ops", "8613800138000"), None),
    ],
)
def test_routes_are_compiled_as_written(message: tuple[str, str, str, str], spec: str | None) -> None:
    """Order, lists, weights and prefixes of the file."""
    route = snapshot_of().route(*message)

    assert (None if route is None else route.spec) == spec


def test_with_one_link_and_no_routes_everything_goes_there() -> None:
    """The shortest file works."""
    route = snapshot_of("links: {a: {host: x, system_id: y}}\n").route("otp", "", "", "447700900123")

    assert route is not None
    assert route.spec == "failover:a"


@pytest.mark.parametrize(
    ("address", "brands"),
    [
        ("10690001", ("xxmall",)),
        ("1069000199", ("xxmall",)),
        ("106900010277", ("sub", "twin")),
        ("1069", ("xxmall", "sub", "twin")),
        ("ACME", ("acme",)),
        ("12345", ()),
        ("", ()),
    ],
)
def test_an_mo_speaks_to_the_brand_with_the_longest_sender(address: str, brands: tuple[str, ...]) -> None:
    """Several with that sender: all of them; a code cut short: all brands of that code."""
    assert snapshot_of().brands_at(address) == brands


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("to: '+86 138 0013 8000', class: otp, expect: b", None),
        ("to: '13800138000', class: otp, expect: [b, a]", None),
        ("to: '13800138000', class: otp, expect: a", "expected a, but it takes b"),
        ("to: '13800138000', class: otp, expect: [a, b]", "expected a, b, but it takes b, a"),
        ("to: '13800138000', class: promo, expect: b", None),
        ("to: '13800138000', class: promo, expect: [a, b]", None),
        ("to: '13800138000', class: promo, expect: [b]", "expected b, but it takes a, b"),
        ("to: '13800138000', class: notice, expect: {refused: no_route}", None),
        ("to: '13800138000', class: notice, expect: a", "expected a, but it is refused: no_route"),
        (
            "to: '13800138000', class: otp, expect: {refused: no_route}",
            "expected to be refused: no_route, but it takes b",
        ),
        (
            "to: '13800138000', class: notice, brand: xxmall, client: shop, expect: {refused: not_permitted}",
            None,
        ),
        ("to: '+447700900123', class: otp, brand: xxmall, client: shop, expect: a", None),
        ("to: '13800138000', class: otp, brand: sub, client: shop, expect: {refused: not_permitted}", None),
        ("to: '13800138000', class: opt, expect: {refused: unknown_class}", None),
        ("to: '13800138000', class: otp, brand: yy, expect: {refused: unknown_brand}", None),
        ("to: '123', class: otp, expect: {refused: invalid_destination}", None),
        ("to: '123', class: otp, expect: a", "expected a, but it is refused: invalid_destination"),
        ("to: '13800138000', class: promo, expect: {refused: opted_out}", None),
    ],
)
def test_routing_tests_say_what_came_instead(test: str, told: str | None) -> None:
    """Each test of the file with all links up: the first link, all links, or the code of a refusal."""
    config = parse_config(f"{FILE}tests:\n  - {{{test}}}\n".encode(), "f")

    problems = routing_tests(config, Snapshot.build(config))

    assert [str(problem) for problem in problems] == ([] if told is None else [f"f:22:5: {told}"])
