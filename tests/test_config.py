"""A configuration file -> Config, or every problem with its place."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.config import Config, host_port, load_config, missing_secrets, parse_config, read_secret, zone
from gatewayd.configlink import Link
from gatewayd.configtypes import Secret
from gatewayd.errors import ConfigError
from gatewayd.retry import Class, Rule
from gatewayd.smpp import consts
from gatewayd.snapshot import Snapshot, routing_tests

BAD = sorted((Path(__file__).parent / "config_bad").glob("*.yaml"))
EXAMPLE = Path(__file__).parents[1] / "config" / "gatewayd.yaml"
LINK = "links:\n  a: {host: smsc.example, system_id: acme}\n"

CONTRACT = """\
store: sqlite:///var/lib/gatewayd/gatewayd.db
drain_timeout: 30
encryption: {key: {file: /etc/gatewayd/store.key}}
listeners:
  - {protocol: stream, path: /run/gatewayd/gatewayd.sock, mode: "0660"}
  - {protocol: http, address: "127.0.0.1:9775"}
  - {protocol: http, path: /run/gatewayd/shop.sock, mode: "0600", client: shop}
clients:
  shop: {users: [shop], groups: [sms-shop], brands: [xxmall], classes: [otp, notice], rate: 500}
  local: {users: ["*"], brands: ["*"], classes: ["*"], admin: true, holds_consent: true}
links:
  cmcc-1:
    host: smsc.example
    port: 2775
    tls: {ca: /etc/gatewayd/ca.pem}
    bind: transceiver
    binds: 1
    system_id: acme
    password: {file: /etc/gatewayd/cmcc-1.password}
    window: 64
    throughput: 200
    enquire_link_interval: 30
    response_timeout: 30
    reference_tlv: false
    receipt_timezone: UTC
  cucc-1: {host: smsc.example, system_id: acme, password: {credential: cucc-1}}
brands:
  xxmall: {signature: 【XX商城】, sender: "10690001", industry: retail}
classes:
  otp: {validity: 300, in_doubt: resend}
routes:
  - {match: {class: otp, to: ["86*"]}, links: [cmcc-1, cucc-1], strategy: failover}
  - {match: {carrier: cucc}, links: [cucc-1]}
  - {match: {}, links: {cmcc-1: 70, cucc-1: 30}, strategy: weighted}
policy:
  timezone: Asia/Shanghai
  default_country: "86"
  quiet_hours: {from: "21:00", to: "08:00", action: hold}
  frequency: [{count: 2, days: 7}, {count: 4, days: 30}]
tests:
  - {to: "8613800138000", class: otp, expect: cmcc-1}
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), "f")
    return [f"{problem.line}:{problem.column}: {problem.message}" for problem in caught.value.problems]


def warnings_of(text: str) -> list[str]:
    return [str(warning) for warning in parse_config(text.encode(), "f").warnings]


@pytest.mark.parametrize("file", BAD, ids=lambda path: path.stem)
def test_a_bad_file_is_told_with_line_and_column(file: Path) -> None:
    """Each file breaks one rule; its first line says what an operator is told, and that alone."""
    text = file.read_text("utf-8")

    assert problems_of(text) == [text.splitlines()[0].removeprefix("# ")]


def test_there_is_a_bad_file_for_each_rule() -> None:
    """The folder was found at all."""
    assert len(BAD) > 90


def test_all_problems_of_a_file_are_told_at_once() -> None:
    """A mistake in one entry hides none in another: wrong values and broken references together."""
    text = """\
drain_timeout: -1
drain_timeout: 5
listners: []
links:
  a: {hots: [x], port: "1", password: hunter2}
  b: {host: x, system_id: y}
routes:
  - {match: {class: opt}, links: [c]}
  - {match: {zz: 1}, links: [b]}
  - {match: {}, links: [a]}
  - {match: {}, links: {b: 0}}
  - {match: {brand: x}, links: [b]}
brands: {x: {sender: 10690001}}
"""
    assert problems_of(text) == [
        "1:16: drain_timeout: must be greater than 0",
        "2:1: duplicate key 'drain_timeout'; it stands in line 1 already",
        "3:1: unknown key 'listners'; did you mean 'listeners'?",
        "5:3: system_id is missing in links.a",
        "5:7: unknown key 'hots'; did you mean 'hosts'?",
        "5:24: links.a.port: must be a whole number",
        "5:39: links.a.password: never in clear: write {file: PATH}, {env: NAME} or {credential: NAME}",
        "8:21: no such class 'opt'; there is: emergency, member, notice, otp, traffic",
        "8:35: no such link 'c'; there is: a, b",
        "9:14: unknown key 'zz'; known here: class, brand, client, to, carrier",
        "11:28: routes.3.links.b: must be greater than 0",
        "12:5: never reached: the route in line 10 takes all of its messages",
        "13:22: brands.x.sender: must be text; put it in quotes",
    ]


def test_a_section_that_cannot_be_read_makes_no_echoes() -> None:
    """With `links` itself broken nobody is told that its links do not exist."""
    assert problems_of("links: 5\nroutes:\n  - {match: {}, links: [a]}\n") == [
        "1:8: links: must be a mapping of KEY: VALUE"
    ]


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    """The path and the system's reason are told."""
    with pytest.raises(ConfigError, match=r"none\.yaml:1:1: cannot be read: No such file or directory"):
        load_config(tmp_path / "none.yaml")


def test_the_contracts_configuration_is_accepted_whole() -> None:
    """Every key of CONTRACT.md section 3; what is not in force yet is warned of, nothing else is."""
    config = parse_config(CONTRACT.encode(), "f")
    inert = " is accepted but not in force in this version"

    assert config.links["cmcc-1"].throughput == 200
    assert config.classes["otp"].in_doubt == "resend"
    assert config.listeners[0].permissions == 0o660
    assert [str(warning) for warning in config.warnings] == [
        f"f:3:1: encryption{inert}",
    ]


def test_what_a_file_leaves_out_has_the_defaults_of_the_contract() -> None:
    """One link is enough of a file."""
    config = parse_config(LINK.encode(), "f")
    link = config.links["a"]

    assert config.store == "sqlite:///var/lib/gatewayd/gatewayd.db"
    assert config.drain_timeout == 30
    assert [(listener.path, listener.permissions) for listener in config.listeners] == [
        ("/run/gatewayd/gatewayd.sock", 0o660)
    ]
    assert (link.port, link.bind, link.binds, link.window, link.throughput) == (2775, "transceiver", 1, 10, 0)
    assert (link.enquire_link_interval, link.response_timeout, link.max_timeouts) == (30, 30, 3)
    assert (link.dest_ton, link.dest_npi, link.interface_version) == (1, 1, 0x34)
    assert (link.reference_tlv, link.receipt_timezone, link.tls, link.password) == (False, "UTC", None, None)
    assert (config.policy.timezone, config.policy.default_country) == ("Asia/Shanghai", "86")
    assert config.limits.line_length == 65_536
    assert config.limits.max_segments == 10


def test_the_shipped_example_runs_as_it_is() -> None:
    """No problem, no warning, and its own routing tests pass."""
    config = load_config(EXAMPLE)

    assert config.warnings == ()
    assert routing_tests(config, Snapshot.build(config)) == []
    assert missing_secrets(config, {}) == ()


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("brands: {b: {sender: '1069'}}", "f:1:1: no clients are configured: every submit will be refused"),
        ("clients: {c: {users: [u]}}", "f:1:1: no brands are configured: every submit will be refused"),
        ("clients: {c: {admin: true}}", "f:3:14: neither users nor groups: no peer is this client"),
        (
            "brands: {a: {sender: '1069'}, b: {sender: '1069'}}",
            "f:3:43: several brands have this sender: an opt-out to it counts for all of them",
        ),
        (
            "classes: {slow: {receipt_wait: 60}}",
            "f:3:17: receipt_wait is shorter than validity: late receipts will find the message unknown",
        ),
        (
            "tests: [{to: '8613800138000', class: otp, expect: {refused: opted_out}}]",
            "f:3:51: opted_out is not judged by routing tests in this version",
        ),
        (
            "store: postgresql://gatewayd@db/gatewayd",
            "f:3:1: a PostgreSQL store is accepted but cannot be opened by this version",
        ),
        (
            'brands: {mall: {sender: "1", slow_down: 0.5}}',
            "f:3:41: without throughput there is nothing to slow down",
        ),
        (
            "encryption: {key: {env: KEY}}",
            "f:3:1: encryption is accepted but not in force in this version",
        ),
    ],
)
def test_what_an_operator_might_not_expect_is_warned_of(text: str, warning: str) -> None:
    """A warning does not stop the daemon; it names its place all the same."""
    assert warning in warnings_of(LINK + text + "\n")


def test_a_link_in_no_route_is_warned_of_unless_it_only_receives() -> None:
    """A receiver needs no route."""
    text = """\
links:
  a: {host: x, system_id: y}
  idle: {host: x, system_id: y}
  rx: {host: x, system_id: y, bind: receiver}
routes: [{match: {}, links: [a]}]
"""
    assert [line for line in warnings_of(text) if "route" in line] == [
        "f:3:9: no route names this link: nothing leaves by it"
    ]


def test_a_receiver_beside_transmitters_of_its_account_is_warned_of() -> None:
    """Of several it is not known whose its receipts are; of one, that link says how they are read."""
    text = """\
links:
  a: {host: x, system_id: y, bind: transmitter}
  b: {host: x, system_id: z, bind: transmitter}
  c: {host: x, system_id: z, bind: transmitter}
  one: {host: x, system_id: y, bind: receiver, receipts: {id: as_is}, receipt_timezone: "+08:00"}
  many: {host: x, system_id: z, bind: receiver}
  alone: {host: x, system_id: w, bind: receiver, receipts: {id: as_is}}
routes: [{match: {}, links: [a, b, c]}]
"""
    assert [line for line in warnings_of(text) if "system_id" in line] == [
        "f:5:58: the transmitter with this system_id says how receipts are read",
        "f:5:89: the transmitter with this system_id says how receipts are read",
        "f:6:30: several transmitters have this system_id: receipts here are none of theirs; bind: pair",
    ]


def test_hosts_of_a_link() -> None:
    """One host with its port, or several; a pair's receivers may have others; IPv6 in brackets."""
    text = """\
links:
  a: {host: "2001:db8::1", system_id: y}
  b: {hosts: [x:1, "[2001:db8::2]:2"], system_id: y, bind: pair, binds: 2, receiver_hosts: [z:3]}
  c: {host: x, port: 5, system_id: y, bind: pair}
routes: [{match: {}, links: [a, b, c]}]
"""
    a, b, c = parse_config(text.encode(), "f").links.values()

    assert a.hosts_of("transceiver") == (("2001:db8::1", 2775),)
    assert b.kinds == ("transmitter", "transmitter", "receiver", "receiver")
    assert b.hosts_of("transmitter") == (("x", 1), ("2001:db8::2", 2))
    assert b.hosts_of("receiver") == (("z", 3),)
    assert c.hosts_of("receiver") == c.hosts_of("transmitter") == (("x", 5),)


def test_keys_that_say_no_are_not_warned_of() -> None:
    """Only what an operator believes in force counts: `signature: null` and `holds_consent: false` do not."""
    text = (
        LINK
        + "brands: {b: {sender: '1069', signature: null}}\nclients: {c: {users: [u], holds_consent: false}}\n"
    )

    assert warnings_of(text) == []


def test_a_secret_comes_from_a_file_the_environment_or_systemd(tmp_path: Path) -> None:
    """One line end after it does not count; blanks do."""
    (tmp_path / "file").write_text(" secret \r\n")
    (tmp_path / "name").write_text("other")
    environ = {"NAME": "third", "CREDENTIALS_DIRECTORY": str(tmp_path)}

    assert read_secret(Secret(file=str(tmp_path / "file")), environ) == " secret "
    assert read_secret(Secret(credential="name"), environ) == "other"
    assert read_secret(Secret(env="NAME"), environ) == "third"


def test_a_missing_secret_is_told_with_its_place_in_the_configuration(tmp_path: Path) -> None:
    """Each kind says what to look for, and none says what is in it."""
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    text = f"""\
links:
  a: {{host: x, system_id: y, password: {{file: {tmp_path}/none}}}}
  b: {{host: x, system_id: y, password: {{env: NOT_SET}}}}
  c: {{host: x, system_id: y, password: {{credential: c}}}}
  d: {{host: x, system_id: y, password: {{file: {tmp_path}/empty}}}}
  e: {{host: x, system_id: y, tls: {{certificate: c.pem, key: {{file: {tmp_path}/binary}}}}}}
routes: [{{match: {{}}, links: [a, b, c, d, e]}}]
encryption: {{key: {{env: NOT_SET}}}}
"""
    config = parse_config(text.encode(), "f")

    assert sorted(map(str, missing_secrets(config, {}))) == [
        f"f:2:40: {tmp_path}/none cannot be read: No such file or directory",
        "f:3:40: the environment variable NOT_SET is not set",
        "f:4:40: CREDENTIALS_DIRECTORY is not set: credentials come from systemd's LoadCredential=",
        "f:5:40: the secret is empty",
        "f:6:61: the secret is not UTF-8",
        "f:8:19: the environment variable NOT_SET is not set",
    ]


def test_the_configuration_shows_no_secret() -> None:
    """Neither a repr nor an error quotes a password, whatever an operator wrote in its place."""
    (told,) = problems_of("links:\n  a: {host: x, system_id: y, password: hunter2}\n")

    assert "hunter2" not in told
    (told,) = problems_of(LINK + "store: postgresql://u:hunter2@h/d\n")
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("sender", "types"), [("10690001", (0, 1)), ("ACME", (5, 0)), ("12345678901", (0, 1)), ("A1", (5, 0))]
)
def test_the_senders_type_follows_from_its_form(sender: str, types: tuple[int, int]) -> None:
    """Letters are alphanumeric (ton 5, npi 0), digits a service code (ton 0, npi 1)."""
    assert Link.model_validate({"host": "x", "system_id": "y"}).source(sender) == types


def test_the_senders_type_of_a_link_goes_before_its_form() -> None:
    """What the operator sets holds, also where only one of the two is set."""
    link = Link.model_validate({"host": "x", "system_id": "y", "source_ton": 1})

    assert link.source("10690001") == (1, 1)
    assert link.source("ACME") == (1, 0)


@pytest.mark.parametrize(
    ("address", "parts"),
    [("127.0.0.1:9775", ("127.0.0.1", 9775)), ("[::1]:0", ("::1", 0)), ("localhost:80", ("localhost", 80))],
)
def test_an_address_is_host_and_port(address: str, parts: tuple[str, int]) -> None:
    """IPv6 in brackets."""
    assert host_port(address) == parts


@pytest.mark.parametrize("address", ["127.0.0.1", ":80", "::1:80", "a b:80", "host:", "host:70000"])
def test_what_is_no_address_is_refused(address: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=re.escape(address)):
        host_port(address)


def test_a_time_zone_is_a_name_or_an_offset() -> None:
    """Carriers often say no more than the offset."""
    assert str(zone("+08:00")) == "UTC+08:00"
    assert str(zone("-03:30")) == "UTC-03:30"
    assert str(zone("Asia/Shanghai")) == "Asia/Shanghai"


def test_links_are_compared_by_what_they_say() -> None:
    """A reload reconnects only links whose own section changed, wherever it moved in the file."""
    before = parse_config(LINK.encode(), "f")
    after = parse_config(b"# moved\n\n" + LINK.encode(), "f")
    changed = parse_config(LINK.replace("acme", "acme2").encode(), "f")

    assert before.links["a"] == after.links["a"]
    assert before.links["a"] != changed.links["a"]


KEYS = st.sampled_from(
    [*Config.model_fields, "a", "host", "match", "links", "to", "class", "password", "expect"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["*", "a", "otp", "86*", "22:00", "【x】"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_tree_gives_a_configuration_or_a_configuration_error(tree: dict[str, object]) -> None:
    """Whatever stands in a file, judging it ends in Config or in ConfigError, never in a crash."""
    text = repr(tree).replace("None", "null").replace("True", "true").replace("False", "false")
    with suppress(ConfigError):
        Snapshot.build(parse_config(text.encode(), "f"))


def test_a_link_merges_its_retry_rules_over_the_shipped_table() -> None:
    """By name or hex, as a class or a rule; what is not said of a temporary one is as shipped."""
    rules = (
        "ESME_RX_T_APPN: {class: temporary, delay: 5, attempts: 3}, ESME_RSYSERR: {class: temporary, "
        "failover: false}, 0x00000444: throttled, 0xb: {class: permanent, failover: true}, "
        "unknown: temporary"
    )
    text = f"links: {{a: {{host: smsc.example, system_id: acme, retry: {{{rules}}}}}}}"
    table = parse_config(text.encode(), "gatewayd.yml").links["a"].retry_table

    assert table.rule(consts.ESME_RX_T_APPN) == Rule(Class.TEMPORARY, 5, 3, failover=True)
    assert table.rule(consts.ESME_RSYSERR) == Rule(Class.TEMPORARY, 30, 20, failover=False)
    assert table.rule(0x444) == Rule(Class.THROTTLED)
    assert table.rule(consts.ESME_RINVDSTADR) == Rule(Class.PERMANENT, failover=True)
    assert table.rule(0x445) == Rule(Class.TEMPORARY, 30, 20, failover=True)
    assert table.rule(consts.ESME_RTHROTTLED) == Rule(Class.THROTTLED)
    assert table.rule(consts.ESME_RINVSRCADR) == Rule(Class.PERMANENT)
