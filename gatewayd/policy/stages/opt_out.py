"""Who has asked to be left alone gets no marketing of that brand.

Source: 通信短信息服务管理规定, and 网络交易监督管理办法 articles 13 and 16.
"""

from typing import Final

from gatewayd.model import Refusal
from gatewayd.policy.book import Book
from gatewayd.policy.subject import Facts, Subject

OPTED_OUT: Final = Refusal("opted_out", "the number has opted out of this brand", field="to")


def opt_out(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    del book
    return OPTED_OUT if subject.class_.opt_out and facts.opted_out else subject
