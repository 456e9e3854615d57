"""What shows that a text is marketing."""

from typing import Final

_PROMOTION: Final = """
优惠券 优惠码 限时优惠 限时抢购 限量抢购 特惠 钜惠 促销 大促 大酬宾 秒杀 抢购 团购价 特价 清仓 甩卖 直降
打折 折扣 折起 满减 立减 满赠 买一送一 买一赠一 免费领 免费送 免费体验 好礼 豪礼 赠品 礼包 红包 抽奖 中奖 返现
包邮 领券 购券 代金券 现金券 体验券 折扣券 新品上市 新店开业 盛大开业 周年庆 立即购买 立即抢购 马上抢 欢迎选购
会员专享 加微信 加企业微信 点击购买 下单立享
"""

MARKETING: Final[tuple[str, ...]] = (
    *_PROMOTION.split(),
    *(f"{digit}折" for digit in (*range(1, 100), *"一二三四五六七八九")),
)
"""Words of promotion: a text of a service class that has one is marketing in a plain coat."""
