"""Links lead where they may, and are written as what they are."""

import pytest

from gatewayd.policy.stages.web_links import web_links, web_links_again
from gatewayd.policy.weblinks import SHORTENERS, Domains, hosts, may_be_shortened
from tests.policy.texts_world import judged, passed, refused, snapshot

LISTED = snapshot("{links: {allow: [example.com, '*.example.cn', t.cn]}}", ", links: [mall.cn, '*.dwz.cn']")
DISGUISED = None
FOUND: list[tuple[str, list[str | None]]] = [
    ("点击 xx.cn/Ab12 领取", ["xx.cn"]),
    ("请登录example.com领取", ["example.com"]),
    ("https://example.com点击", ["example.com"]),
    ("HTTP://Example.COM/x?y=b.cn", ["example.com"]),
    ("www.example.com.", ["www.example.com"]),
    ("a.com/b.com，c.net", ["a.com", "c.net"]),
    ("http://u:p@evil.com/", ["evil.com"]),
    ("http://1.2.3.4/x", ["1.2.3.4"]),
    ("1.2.3.4:8080/a", ["1.2.3.4"]),
    ("example.xn--p1ai.com", [DISGUISED]),
    ("files.museum/a", ["files.museum"]),
    # none
    ("e.g. 3.5折 v1.2.3 U.S. mail", []),
    ("a@example.com", []),
    ("2026.11.22 08:00-21:00", []),
    ("1.2.3.4", []),
    ("Co.,Ltd. Mr.Smith", []),
    ("See our store. Net price 5", []),
    ("感谢光临.欢迎", []),
    ("下载App。VIP用户", []),
    ("and/or", []),
    ("", []),
    # in disguise
    ("ｅｘａｍｐｌｅ.com", [DISGUISED]),
    ("example．com", [DISGUISED]),
    ("example。com", [DISGUISED]),
    ("example·com", [DISGUISED]),
    ("example[.]com", [DISGUISED]),
    ("example(dot)com", [DISGUISED]),
    ("exam\u200bple.com", [DISGUISED]),
    ("example .com", [DISGUISED]),
    ("example . com/a", [DISGUISED]),
    ("ex\u0430mple.com", [DISGUISED]),
    ("商城.com", [DISGUISED]),
    ("example.中国", [DISGUISED]),
    ("xn--fiqs8s.cn", [DISGUISED]),
    ("http：//ｘ.cn", [DISGUISED]),
    ("weixin://dl/x", [DISGUISED]),
    ("http://localhost/", [DISGUISED]),
]


@pytest.mark.parametrize(("text", "found"), FOUND)
def test_what_reads_as_an_address_is_one(text: str, found: list[str | None]) -> None:
    """With or without https://, among Chinese characters, and in any disguise; nothing else is."""
    assert list(hosts(text)) == found


@pytest.mark.parametrize("text", ["https://例子.cn", "http://例子.com/a"])
def test_a_chinese_domain_is_a_disguise(text: str) -> None:
    """Two names could look alike in it, and an allow-list has ASCII names only."""
    assert set(hosts(text)) == {DISGUISED}


def test_an_allow_list_is_exact() -> None:
    """A star stands for all below."""
    domains = Domains.of(["example.com", "*.example.cn", "t.cn"])
    for host in ("example.com", "a.example.cn", "a.b.example.cn", "t.cn"):
        assert domains.allow(host)
    for host in ("www.example.com", "example.com.cn", "examp1e.com", "example.cn", "badexample.cn", "url.cn"):
        assert not domains.allow(host)


def test_a_star_opens_no_shortener() -> None:
    """It would lead anywhere; it must be named itself."""
    assert Domains.of(["*.cn"]).allow("shop.cn")
    assert not Domains.of(["*.cn"]).allow("t.cn")


@pytest.mark.parametrize(
    "text", ["example.com/a", "m.example.cn", "t.cn/Ab", "mall.cn", "a.dwz.cn", "无链接"]
)
def test_allowed_links_pass(text: str) -> None:
    """Those of the policy, and those of the brand."""
    assert passed(text, (web_links,), by=LISTED).text == text


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("evil.com/a", "the link to evil.com is not allowed"),
        ("example.com 和 http://evil.com", "the link to evil.com is not allowed"),
        ("bit.ly/a", "the link to bit.ly is a shortener, which may lead anywhere"),
        ("dwz.cn/a", "the link to dwz.cn is a shortener, which may lead anywhere"),
        ("example。com", "a link is disguised: other letters, dots or blanks than it is opened with"),
    ],
)
def test_other_links_are_refused(text: str, detail: str) -> None:
    """The client reads which; what is stored when it is refused at sending does not say it."""
    refusal = refused(text, (web_links,), by=LISTED)
    assert (refusal.code, refusal.detail, refusal.field) == ("sensitive_word", detail, "text")
    assert "evil" not in refused(text, (web_links_again,), by=LISTED).detail


def test_without_a_list_any_link_passes() -> None:
    """The list of a brand binds that brand alone; that of the policy all; an empty one forbids all links."""
    assert passed("evil.com", (web_links,)).text == "evil.com"
    of_brand = snapshot(brand=", links: [mall.cn]")
    assert refused("evil.com", (web_links,), by=of_brand)
    assert passed("evil.com", (web_links,), brand="plain", by=of_brand)
    of_all = snapshot("{links: {allow: []}}")
    assert refused("evil.com", (web_links,), brand="plain", by=of_all)
    assert passed("evil", (web_links,), brand="plain", by=of_all)
    assert judged(None, (web_links,), by=of_all) == judged(None, (web_links_again,), by=of_all)


@pytest.mark.parametrize("domain", sorted(SHORTENERS))
def test_the_quick_look_misses_no_shortener(domain: str) -> None:
    """Wherever it stands and however it is written; other links it passes over."""
    assert all(map(may_be_shortened, (domain, f"详情见{domain}/Ab12", f"HTTPS://{domain.upper()}")))
    assert not may_be_shortened(f"mall-{domain.replace('.', '-')}.example")
