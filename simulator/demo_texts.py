"""The texts that the demo sends."""

from typing import Final

OTP: Final = "【XX商城】您的验证码为987654,5分钟内有效,请勿泄露。"
EMOJI: Final = "🎉"
LONG: Final = (  # the first segment takes 67 units; 66 stand before the emoji, which takes two
    "【XX商城】国庆狂欢购进行中:全场满三百减五十,会员再享九折,生鲜当日送达。"
    f"您收藏的十二件商品均已降价,购物车为您保留到周日晚十点整{EMOJI}"
    "我们为您准备了一份礼物:到任意一家门店出示本短信,即可领取定制帆布袋一个,数量有限,领完为止。"
    "到店请走东门,停车两小时免费。祝您节日快乐!"
)
GSM7: Final = "Cafe: the menu {today} costs 7 €, coffee included. See you!"
ESCAPED: Final = {"€": "1b65", "{": "1b28", "}": "1b29"}  # 3GPP TS 23.038, 6.2.1.1
MARKETING: Final = "会员日全场8折,今晚24点截止,到店出示短信或登录网站立即购买"
MARKETING_READ: Final = "【XX商城】会员日全场8折,今晚24点截止,到店出示短信或登录网站马上领取，回复TD退订"
