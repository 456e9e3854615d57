"""The words that replies about messages are made of, each with its sort; Chinese and English in one list.

A sort is one character, so that a reply becomes a short text over sorts (`lexicon`), for which `grammar`
is written. Words are in the form of `normal.fold`, without apostrophes and hyphens. What
stands here decides nothing by itself: a word that is missing makes a reply harder to understand, never
easier.
"""

from typing import Final

NAMES: Final = {
    "talk": "f",  # politeness, particles, anger: says nothing of the matter
    "me": "m",
    "you": "e",
    "for_now": "5",  # 晚上别发 asks for another time
    "passive": "3",
    "henceforth": "Z",  # 以后不用发了 is about messages
    "done": "l",  # 了: 别发了 is a wish, 别发 may be advice
    "want": "v",
    "plea": "4",  # could you
    "may": "y",  # 能不能 asks politely, and asks
    "asks": "u",  # 吗 and the question mark
    "what": "?",  # how, where, when
    "why": "Y",  # why, who: also the beginning of a reproach
    "not": "n",  # forbids
    "unwilling": "w",
    "needless": "p",  # 不用 may be said to a courier
    "refuse": "F",
    "unwilling_to": "W",  # I don't want to, before a verb
    "no": "b",
    "never": "z",  # has not happened
    "already": "k",
    "still": "s",
    "again": "A",
    "always": "a",
    "goes_on": "C",
    "send": "h",
    "disturb": "d",
    "contact": "H",
    "text": "B",  # both a verb and a noun: text, message, 推送
    "receive": "r",
    "take": "Q",  # 收, which parcels are too
    "sms": "2",  # messages that can be nothing else: 短信, ads
    "message": "o",
    "notice": "G",  # 通知 is a verb too: 不用通知我 may be said to a courier
    "such": "j",  # what stands before a message: 这些, your, 垃圾
    "list": "L",
    "number": "N",
    "telephone": "D",
    "delete": "x",
    "grasp": "P",  # 把, before what is to be deleted
    "cancel": "c",
    "reject": "J",
    "stop": "t",
    "cease": "i",  # quit, which alone may be about anything
    "quit": "q",
    "quit_short": "U",  # 退, only beside a code
    "reply": "R",
    "threat": "T",
    "mistake": "E",
    "resume": "I",
    "anew": "M",
    "subscribe": "O",
    "agree": "S",
    "revoke": "V",
    "other_matter": "g",  # goods, bookings, calls: what else can be stopped or not be sent
    "code": "K",  # a keyword of several letters, as TD
    "letter": "1",  # a keyword of one letter
    "digits": "0",  # a telephone number or service code
    "short": "9",  # some other run of up to four letters and digits
    "latin": "X",  # an unknown longer one
    "unknown": ".",  # any other character
    "comma": ",",
}

WORDS: Final = {
    "f": (
        "请|麻烦|麻烦了|烦请|劳驾|拜托|求|求求|跪求|求放过|恳请|强烈|亲|哥|姐|大哥|大姐|帅哥|美女|同志|"
        "先生|女士|小姐|老师|客服|你好|您好|哈喽|帮|帮忙|给|向|往|对|到|从|让|一下|下|掉|来|过来|去|就|都|"
        "也|真|真的|太|实在|看到|看见|永远|马上|立即|立刻|赶紧|赶快|尽快|快|现在|必须|务必|千万|一定|直接|"
        "统统|全部|全|全都|一律|谢谢|谢|谢了|多谢|感谢|唔该|俾|畀|辛苦|辛苦了|配合|吧|啊|呀|哦|喔|嘛|哈|呗|"
        "呐|哎|唉|喂|嗯|撒|鸭|滴|如|如果|若|如需|可|即可|以|烦死|烦死了|烦死人|烦死人了|烦人|烦不烦|好烦|"
        "真烦|烦透了|滚|滚蛋|傻逼|傻b|煞笔|sb|妈的|他妈的|tmd|尼玛|你妹|你妈|你妈的|你大爷|你大爷的|操|草|"
        "靠|我靠|卧槽|去死|神经病|有病|有病吧|有病啊|脑残|骗子|不要脸|无耻|恶心|有完没完|没完没了|够了|"
        "受够了|警告|拜拜|再见|取关|拉黑|听见没有|听到没有|听不懂|听不懂吗|说过|说了|都说了|多少遍|多少次|"
        "说一遍|最后一次|没兴趣|不感兴趣|打错|发错人|already|let|wrong number|wrong person|please|pls|plz|"
        "kindly|thanks|thank you|thank u|thx|ty|3q|ok|okay|now|immediately|asap|right now|at once|just|to|"
        "from|guys|sir|madam|dear|sorry|hi|hello|hey|anymore|any more|ever|again|forever|anything|i said|"
        "i asked you|i told you|enough|no thanks|no thank you|not interested|fuck|fuck off|fucking|damn|"
        "shit|wtf|re|再也|永久|下次|什么都|啥都|什么也|啥也|什么短信都|啥短信都|一条都|一条也|都说|我说|"
        "我说了|我都说|我都说了|真是|行行好|好几次|几次|多次|无数次|三次|两次|八百次|八百遍|几遍|行为|must|"
        "with|and|shut up|no|nope"
    ),
    "m": (
        "我|我们|本人|俺|老子|爷|咱|本机|本号码|me|us|i|im|this phone|my number|my phone number|"
        "this number|this phone number|my phone|my name|my contact"
    ),
    "e": "老板|你|你们|您|贵司|贵公司|贵方|商家|店家|公司|平台|you|your|u|ur|你们家|你家",
    "Z": "以后|今后|从此|之后|往后|从今以后|from now on",
    "l": "了|啦|喽|咯|嘞",
    "v": (
        "要|想|想要|需|需要|申请|要求|希望|want|want to|wanna|would like to|id like to|like to|wish to|"
        "need to"
    ),
    "y": "能不能|能否|可不可以|可以|可否|能|是否可以|行不行|好不好|可以吗|好吗|行吗|成吗",
    "u": "吗|么|呢|?",
    "?": (
        "怎么|怎样|怎么样|怎样才能|如何|咋|什么|啥|哪|哪里|哪个|多少|多久|几|是否|是不是|有没有|要不要|"
        "想不想|用不用|该不该|会不会|需不需要|点样|how|what|when|where|which|does|did|do i|can i|is|whats|"
        "hows|should i"
    ),
    "Y": "谁|为什么|为啥|为何|凭什么|干嘛|干什么|什么短信|why|who",
    "n": (
        "别|不要|勿|请勿|切勿|莫|甭|少来|少给|不许|不准|禁止|严禁|唔好|唔要|唔准|咪|do not|dont|never|"
        "do not ever|dont ever|no more"
    ),
    "nA": "不能再|不得再",
    "w": (
        "不想|不愿|不愿意|不希望|不再|不需要|不同意|不允许|不想要|dont want|do not want|no longer want|"
        "dont need|do not need|do not consent|dont consent|refuse"
    ),
    "p": "不用|不必|无需|不需|没必要|用不着",
    "F": "拒绝|谢绝|抵制|反对",
    "W": (
        "dont want to|do not want to|dont wish to|do not wish to|dont like to|no longer want to|"
        "no longer wish to|refuse to|not want to|not wish to"
    ),
    "wr": "不接收|不再接收",
    "b": "不|非|不是",
    "z": "没|没有|未|从没|从未|从来没|并未|并没有|didnt|did not|havent|have not|not",
    "k": "过|已|已经|早|早就|早已|明明|成功|刚|刚才",
    "s": "还|还在|又|仍|仍然|依然|怎么还|怎么又|为什么还|为何还|咋还",
    "A": "再|再次",
    "a": "老|老是|总|总是|一直|天天|每天|整天|成天|不停|不断|反复|随便|乱|keep|一天到晚|每日",
    "C": "继续",
    "h": "发|发送|发来|发过来|传|传送|传来|推|乱发|狂发|send|sending|推荐",
    "d": (
        "打扰|骚扰|扰|烦|推销|轰炸|texting|messaging|bother|bothering|disturb|disturbing|spamming|harass|"
        "harassing|annoy|annoying"
    ),
    "H": "联系|联络|contact|contacting",
    "B": "推送|推播|群发|text|message|msg|sms|spam|txt",
    "Q": "收|收取|接受|get|getting",
    "r": "接收|收到|接到|receive|receiving|be contacted",
    "o": (
        "信息|消息|讯息|此服务|该服务|本服务|这个服务|messages|promo|promos|promotion|communication|"
        "communications|promotions|offers|crap|junk|subscription|this service|这些东西|这种东西|这东西|"
        "此类东西|这玩意"
    ),
    "G": "通知|提醒",
    "j": (
        "的|此|该|本|这|那|这个|这些|那些|这种|那种|这类|此类|那类|这样|类似|任何|所有|一切|各种|其他|商业|"
        "商业性|无聊|没用的|垃圾|优惠|活动|条|些|个|类|种|the|it|this|that|these|those|any|such|all|my|"
        "more|of|promotional|marketing|stupid|一条|bulk"
    ),
    "L": (
        "短信名单|名单|列表|发送名单|群发名单|里|里面|中|当中|系统|数据库|库|list|lists|mailing list|"
        "database|system|records|contacts|contact list"
    ),
    "N": "号码|手机号|手机号码|电话号码|联系方式|number",
    "D": "手机|电话|号",
    "P": "把|将",
    "x": "删|删除|删掉|删了|清掉|去除|移除|移出|去掉|剔除|清除|remove|delete|erase",
    "xm": "take me off|take us off|get me off|be removed|be taken off|be deleted",
    "xN": "take my number off|take my name off|take this number off|lose my number",
    "c": "取消|关闭|关掉|屏蔽|停掉|停了|关了|解除|注销|cancel|end|停一下|退掉",
    "J": "拒收|拒接",
    "t": "停止|终止|stop|stopp",
    "th": "停发",
    "i": "quit|cease",
    "q": (
        "退订|退定|退了订|退个订|推订|腿订|退钉|退汀|取消订阅|退出订阅|停止订阅|unsubscribe|unsubscribed|"
        "unsub|un sub|un subscribe|unsubcribe|unsuscribe|unsubsribe|unsubscibe|opt out|optout|opt me out|"
        "opting out|stopall|stop all|stop2end|cease and desist|stop 2 end"
    ),
    "ho": "推广告",
    "nd": "leave me alone",
    "nAh": "勿发|请勿发|勿发送|请勿发送",
    "U": "退",
    "R": "回|回复|回覆|答复|编辑|reply|respond|type",
    "T": "投诉|举报|报警|起诉|告|告你|告你们|法院|工信部|公安|律师|曝光|12321|12315|打12321|打12315|打110",
    "E": "误|错|不小心|误操作|点错|手滑|手误|按错|发错|搞错|mistake|by mistake|accidentally",
    "I": "恢复|unstop|resume|start please|please start|start messages|重新开通",
    "M": "重新",
    "O": (
        "订阅|重新订阅|subscribe|resubscribe|subscribe me|resubscribe me|opt in|optin|opt me in|"
        "opt me back in|sign me up"
    ),
    "S": "同意|愿意|consent|my consent",
    "V": "撤回|撤销|收回|revoke|withdraw",
    ".": "别的|别人|别家|特别|分别|区别|个别",
    "g": (
        "订单|退订单|退订金|退订购|退订货|退订餐|退订房|退订票|退订位|退订座|退订桌|退订阅费|退定金|定金|"
        "订金|押金|酒店|宾馆|房间|客房|机票|车票|火车票|航班|行程|票|快递|包裹|货|发货|送货|到货|收货|货物|"
        "顺丰|圆通|中通|申通|韵达|邮政|配送|派送|物流|退款|退货|退钱|退费|退票|换货|不要了|自取|自提|去拿|"
        "预约|预订|挂号|套餐|流量|流量包|宽带|彩铃|来电显示|业务|会员卡|健身卡|月卡|年卡|保险|续费|发票|"
        "地址|牛奶|报纸|杂志|课程|课|停车|停电|停水|停机|停业|停药|打电话|打|微信|邮件|邮箱|快件|外卖|餐|"
        "颜色|尺码|明天|后天|下周|下个月|周一|周二|周三|周四|周五|周六|周日|星期|不去|去不了|来不了|不来|"
        "改天|改期|改签|不住|住|单人间|双人间|标间|大床房|套房|包间|包厢|座位|位子|大人|付款|支付|下单|"
        "购买|商品|衣服|团购|入住|出行|出差|旅游|旅行|跟团|门票|演出|电影|疫苗|体检|培训|学费|会费|会籍|"
        "尾款|优惠券|券|验证码|order|orders|booking|appointment|delivery|package|parcel|payment|flight|"
        "reservation|ticket|meeting|account|card|call|calling|calls|email|emails|bus|shop|store|hotel|room"
    ),
    "2": (
        "短信|短信息|短讯|简讯|彩信|广告|推广|营销|促销|宣传|短信通知|短信提醒|消息通知|信息提醒|短信服务|"
        "texts|msgs|text messages|sms messages|ads|adverts|advertising|advertisements|notifications|"
        "newsletters|alerts|txts|活动短信|活动通知|促销通知|优惠通知"
    ),
    "Ah": "send again|send anymore|send any more",
    "3": "被",
    "4": "could you|can you|would you|will you|could u|can u",
    "5": (
        "先|暂时|暂|今天|今晚|周末|晚上|白天|中午|早上|上午|下午|夜里|半夜|大半夜|大晚上|凌晨|等会|等下|"
        "一会|一会儿|这几天|节假日|上班时间|上班|睡觉时间|today|tonight|for now|at night"
    ),
}
