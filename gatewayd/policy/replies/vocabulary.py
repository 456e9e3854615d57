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
    "reason": "6",  # why one wants no more: 换号了, 没钱
    "folk": "7",  # whom else messages may go to
    "being": "=",  # 我是学生
    "remove": "8",  # of a list, where delete may mean a message
    "channel": ":",  # other than messages
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
        "请|麻烦|麻烦了|烦请|劳驾|拜托|求|求求|跪求|恳请|强烈|亲|哥|姐|大哥|大姐|帅哥|美女|同志|先生|女士|"
        "小姐|老师|客服|你好|您好|哈喽|帮|帮忙|给|向|往|对|到|从|让|一下|下|掉|来|过来|去|就|都|也|真|真的|"
        "太|实在|看到|看见|永远|马上|立即|立刻|赶紧|赶快|尽快|快|现在|必须|务必|千万|一定|直接|统统|全部|"
        "全|全都|一律|谢谢|谢|谢了|多谢|感谢|唔该|俾|畀|辛苦|辛苦了|配合|吧|啊|呀|哦|喔|嘛|哈|呗|呐|哎|唉|"
        "喂|嗯|撒|鸭|滴|如|如果|若|如需|可|即可|以|烦死|烦死了|烦死人|烦死人了|烦人|烦不烦|好烦|真烦|"
        "烦透了|滚|滚蛋|傻逼|傻b|煞笔|sb|妈的|他妈的|tmd|尼玛|你妹|你妈|你妈的|你大爷|你大爷的|操|草|靠|"
        "我靠|卧槽|去死|神经病|有病|有病吧|有病啊|脑残|骗子|不要脸|无耻|恶心|有完没完|没完没了|够了|受够了|"
        "警告|拜拜|再见|听见没有|听到没有|听不懂|听不懂吗|说过|说了|都说了|多少遍|多少次|说一遍|最后一次|"
        "没兴趣|不感兴趣|打错|发错人|already|let|wrong number|wrong person|please|pls|plz|kindly|thanks|"
        "thank you|thank u|thx|ty|3q|ok|okay|now|immediately|asap|right now|at once|just|to|from|guys|sir|"
        "madam|dear|sorry|hi|hello|hey|anymore|any more|ever|again|forever|anything|i said|i asked you|"
        "i told you|enough|no thanks|no thank you|not interested|fuck|fuck off|fucking|damn|shit|wtf|re|"
        "再也|永久|下次|什么都|啥都|什么也|啥也|一条都|一条也|都说|我说|我说了|我都说|我都说了|真是|行行好|"
        "好几次|几次|多次|无数次|三次|两次|八百次|八百遍|几遍|行为|must|with|and|shut up|no|nope|救命|"
        "救命啊|妈呀|天啊|天哪|天呐|我的天|老天|大爷|大叔|大妈|叔叔|阿姨|亲爱的|亲们|亲亲|宝|宝子|家人们|"
        "姑娘|小伙子|小哥|小姐姐|小哥哥|店长|店主|掌柜|球球|求求了|求求你|求求你们|求你|求你了|求你们|求您|"
        "做做好事|积点德|积德|高抬贵手|去你妈|去你妈的|去你的|他妈|特么|特码|踏马|tm|md|mlgb|cnm|nmsl|"
        "草泥马|艹|日|王八蛋|混蛋|狗东西|狗日的|沙比|傻叉|傻x|吃饱了撑的|撑的|闲的|贱|贱不贱|有毛病|"
        "有毛病吧|脑子有病|丧心病狂|厚颜无耻|缺德|缺不缺德|真够|真烦人|很烦|太烦|太烦了|超烦|超级烦|烦的很|"
        "烦得很|烦躁|烦透|烦死我了|气死|气死我了|无语|无语了|服了|我服了|真服了|醉了|彻底|彻彻底底|完全|"
        "坚决|郑重|严正|正式|特此|明确|再三|依法|根据规定|按照规定|按规定|根据法律|依据法律|根据广告法|"
        "根据法律规定|根据个人信息保护法|由于|因为|所以|未经同意|未经我同意|未经本人同意|未经允许|"
        "未经我允许|未经许可|未经授权|没经过我同意|没经我同意|没有经过我同意|没经过同意|没经允许|"
        "没经过允许|没得到允许|方便的话|有劳|敬请|谢谢您|谢谢你|谢谢你们|谢谢啦|谢谢了|谢谢哈|谢谢配合|"
        "感谢配合|万分感谢|非常感谢|不好意思|抱歉|对不起|对唔住|心领了|好意心领|好意心领了|蟹蟹|3克油|"
        "thanks a lot|many thanks|thank you very much|thank you so much|tks|tnx|thanx|cheers|bro|dude|"
        "folks|team|man|seriously|literally|really|for real|goddamn|god damn|dammit|bloody|idiot|idiots|"
        "right away|straight away|ffs|omg|stfu|gtfo|hell|the hell|fuck you|fk|fck|fking|scammer|scammers|"
        "bitch|assholes|asshole|bastards|no longer interested|not interested at all|not my number|"
        "not my phone|not me|this is not my number|this isnt my number|you have the wrong number|"
        "u have the wrong number|for the last time|last warning|final warning|i beg you|im begging you|"
        "enough already|enough is enough|ugh|bye|goodbye|sir or madam|yes|嚟|喇|啵|噻|罗|阿|呵呵|呵|哼|切|"
        "咦|嘿|嗨|哟|呦|耶|额|呃|嘤|嘤嘤嘤|哭|泪|哭了|跪了|跪谢|ok的|好的|好了|好|行了|行|得了|算我求你|"
        "算我求你们|第几次了|几百遍了|说几遍|说了几遍|说了多少遍|说了多少次|多少遍了|多少次了|讲了多少遍|"
        "跟你们说了|跟你说了|给老子|给爷|我再说一遍|再说一遍|再重申|重申|一个字|统一|整个|通通|一个都|"
        "任何时候|什么也别|长期|终身|一辈子|这辈子|到此为止|就此|自此|自即日起|即日起|即刻|立马|火速|速度|"
        "速|速速|尽早|早点|早日|日后|for good|f off|right now please|now now|i asked you to|i told you to|"
        "i want you to|i need you to|i would like you to|id like you to|you need to|you must|you have to|"
        "asked you many times to|have asked you to|have told you to|听不懂人话|听不懂人话吗|听不懂人话么|"
        "听不懂中国话|不懂吗|聋了吗|聋了|聋|瞎了吗|瞎|听不见|听不见吗|看不见吗|没听见吗|没看见吗|看不到吗|"
        "不长眼|耳朵聋|要点脸|要脸吗|还要脸吗|烦不烦啊|烦不烦人|累不累|累不累啊|烦人不|多烦人|什么玩意|"
        "什么玩意儿|什么东西|什么垃圾|什么鬼|搞什么|搞什么鬼|干嘛呢|几个意思|真够烦|真的烦|真的很烦|够烦的|"
        "特烦|老烦了|不胜其烦|忍无可忍|受不了|受不了了|忍够了|够够的|吐了|yue|呕|呸|啐|选择|确认|确定|选|"
        "是的|对的|没错|多次要求|many times|so many times|several times|multiple times|a dozen times|twice|"
        "three times|i have|ive|i already|否则|不然|要不然|之前|以前|先前|上次"
    ),
    "m": (
        "我|我们|本人|俺|老子|爷|咱|本机|本号码|me|us|i|im|this phone|my number|my phone number|"
        "this number|this phone number|my phone|my name|my contact|我们家|我家|我的手机|我手机|我这个号|"
        "我这号|这个号|这号|此号|本手机|此手机|这个手机|我哋|偶|窝|本小姐|本宝宝|老娘|劳资|my mobile|"
        "my cell|this mobile|my inbox|这个号码|此号码|该号码|这号码|这个手机号|该手机号|此手机号|本手机号"
    ),
    "e": (
        "老板|你|你们|您|贵司|贵公司|贵方|商家|店家|公司|平台|you|your|u|ur|你们家|你家|你哋|你们公司|"
        "你们平台|你们店|你们这|你们这些|您们|贵店|贵平台|贵行|你司|尔等|you guys|you people|yall|you all|"
        "ur company|your company"
    ),
    "Z": "以后|今后|从此|之后|往后|从今以后|from now on|将来|往后余生|以後",
    "l": "了|啦|喽|咯|嘞",
    "v": (
        "要|想|想要|需|需要|申请|要求|希望|want|want to|wanna|would like to|id like to|like to|wish to|"
        "need to|make it|make this|make them|make these|need this to|need it to|need these to|want this to|"
        "want it to|want these to|want them to|like this to|like these to|强烈要求|郑重要求|再次要求|"
        "正式要求|恳求|请求"
    ),
    "y": (
        "能不能|能否|可不可以|可以|可否|能|是否可以|行不行|好不好|可以吗|好吗|行吗|成吗|ok?|okay?|行不|"
        "好么|行么|成不|得唔得|中不中|可以么"
    ),
    "u": "吗|么|呢|?",
    "?": (
        "怎么|怎样|怎么样|怎样才能|如何|咋|什么|啥|哪|哪里|哪个|多少|多久|几|是否|是不是|有没有|要不要|"
        "想不想|用不用|该不该|会不会|需不需要|点样|how|what|when|where|which|does|did|do i|can i|is|whats|"
        "hows|should i"
    ),
    "Y": "谁|为什么|为啥|为何|凭什么|干嘛|干什么|什么短信|why|who",
    "n": (
        "别|不要|勿|请勿|切勿|莫|甭|少来|少给|不许|不准|禁止|严禁|唔好|唔要|唔准|咪|do not|dont|never|"
        "do not ever|dont ever|no more|莫要|休要|毋|must not|should not|shouldnt|never ever|dont you dare|"
        "dont you|dont u|冇再"
    ),
    "nA": "不能再|不得再|不可再|不可以再|不准在|毋再|表再|婊再|憋再|不要又|别又",
    "w": (
        "不想|不愿|不愿意|不希望|不再|不需要|不同意|不允许|不想要|dont want|do not want|no longer want|"
        "dont need|do not need|do not consent|dont consent|refuse|不想看|不想再看|不愿看|不爱看|懒得看|"
        "不想看见|唔想|唔再|唔愿意|唔需要|不再需要|不再想要"
    ),
    "p": "不用|不必|无需|不需|没必要|用不着|唔使|唔洗|冇需要|大可不必|没有必要",
    "F": "拒绝|谢绝|抵制|反对",
    "W": (
        "dont want to|do not want to|dont wish to|do not wish to|dont like to|no longer want to|"
        "no longer wish to|refuse to|not want to|not wish to"
    ),
    "wr": "不接收|不再接收",
    "b": "不|非|不是",
    "z": "没|没有|未|从没|从未|从来没|并未|并没有|didnt|did not|havent|have not|not",
    "k": "过|已|已经|早|早就|早已|明明|成功|刚|刚才|早已经",
    "s": "还|还在|又|仍|仍然|依然|怎么还|怎么又|为什么还|为何还|咋还",
    "A": "再|再次",
    "a": "老|老是|总|总是|一直|天天|每天|整天|成天|不停|不断|反复|随便|乱|keep|一天到晚|每日",
    "C": "继续",
    "h": (
        "发|发送|发来|发过来|传|传送|传来|推|乱发|狂发|send|sending|推荐|塞|投放|发过|乱推|狂推|滥发|乱传|"
        "发个不停|发个没完"
    ),
    "d": (
        "打扰|骚扰|扰|烦|推销|轰炸|texting|messaging|bother|bothering|disturb|disturbing|spamming|harass|"
        "harassing|annoy|annoying|烦扰|打搅|搅扰|干扰|叨扰|滋扰|搔扰|骚优|打挠|打饶|来烦|来打扰|来骚扰|"
        "纠缠|缠着|烦着|烦住|嘈|cue|pester|pestering|hassle|hassling|hounding|smsing|msging|pinging|"
        "spamming me|吵我|吵到我|吵醒我"
    ),
    "H": "联系|联络|contact|contacting",
    "B": "推送|推播|群发|text|message|msg|sms|spam|txt",
    "Q": "收|收取|接受|get|getting",
    "r": "接收|收到|接到|receive|receiving|be contacted|收得到|收见|be getting|be receiving",
    "o": (
        "信息|消息|讯息|此服务|该服务|本服务|这个服务|messages|promo|promos|promotion|communication|"
        "communications|promotions|offers|crap|junk|subscription|this service|这些东西|这种东西|这东西|"
        "此类东西|这玩意|nonsense|madness|bullshit|rubbish|garbage|harassment"
    ),
    "G": "通知|提醒",
    "j": (
        "的|此|该|本|这|那|这个|这些|那些|这种|那种|这类|此类|那类|这样|类似|任何|所有|一切|各种|其他|商业|"
        "商业性|无聊|没用的|垃圾|优惠|活动|条|些|个|类|种|the|it|this|that|these|those|any|such|all|my|"
        "more|of|promotional|marketing|stupid|一条|bulk|嘅|破|烂|狗屁|无关|同类|相关|后续"
    ),
    "L": (
        "短信名单|名单|列表|发送名单|群发名单|里|里面|中|当中|系统|数据库|库|list|lists|mailing list|"
        "database|system|records|contacts|contact list|群|群里|客户群|用户群|会员群|推送名单|客户名单|"
        "会员名单|用户名单|营销名单|通讯录|客户列表|推送列表|资料库|客户库|号码库|客户资料"
    ),
    "N": "号码|手机号|手机号码|电话号码|联系方式|number",
    "D": "手机|电话|号",
    "P": "把|将",
    "x": (
        "删|删除|删掉|删了|清掉|去除|移除|移出|去掉|剔除|清除|delete|erase|do not want to be on|"
        "dont want to be on|dont want on|划掉|抹掉|删去|移走"
    ),
    "xm": (
        "take me off|take us off|get me off|be removed|be taken off|be deleted|屏蔽我|屏蔽我的号码|"
        "屏蔽本机|屏蔽本号|屏蔽此号码|屏蔽这个号码|拉黑我|把我拉黑|把我屏蔽|踢我|把我踢了|take me out|"
        "get me out|block me|remove my details"
    ),
    "xN": "take my number off|take my name off|take this number off|lose my number",
    "c": "取消|关闭|关掉|屏蔽|停掉|停了|关了|解除|注销|cancel|end|停一下|退掉",
    "J": "拒收|拒接",
    "t": "停止|stop|stopp",
    "th": "停发",
    "i": "quit|cease|终止|中止|refrain from|refrain|desist from|discontinue|halt",
    "q": (
        "退订|退定|退了订|退个订|推订|腿订|退钉|退汀|取消订阅|退出订阅|停止订阅|unsubscribe|unsubscribed|"
        "unsub|un sub|un subscribe|unsubcribe|unsuscribe|unsubsribe|unsubscibe|opt out|optout|opt me out|"
        "opting out|stopall|stop all|stop2end|cease and desist|stop 2 end|取关|取消关注|不再关注|不关注了|"
        "退出群发|退出短信|退出推送|取消定阅|退阅|解订|退丁|退盯|退叮|tui订|tui定|退ding|退d|腿定|褪订|"
        "quit it|knock it off|cut it out|please no more|plz no more|pls no more|no more thanks|"
        "no more thank you|no more please|拒绝接受"
    ),
    "ho": "推广告",
    "nd": (
        "leave me alone|放过我|放过我吧|饶了我|饶了我吧|放了我吧|求放过|求放过我|让我清静|让我清静清静|"
        "让我静静|还我清静|给我清静|离我远点|别来找我|别再找我|别再来找我|leave us alone|let me alone|"
        "leave my phone alone|免打扰|免扰|免骚扰|免打搅"
    ),
    "nAh": "勿发|请勿发|勿发送|请勿发送|8要再发|布要再发|别在发|不要在发|勿在发|请勿在发",
    "U": "退",
    "R": "回|回复|回覆|答复|编辑|reply|respond|type",
    "T": (
        "投诉|举报|报警|起诉|告|告你|告你们|法院|工信部|公安|律师|曝光|12321|12315|打12321|打12315|打110|"
        "12321见|12315见|法院见|法庭见|工信部见|派出所见|报案|起诉你|起诉你们|举报你|举报你们|投诉你|"
        "投诉你们|消协|12300|315|打官司|律师函|工商局|工商|消费者协会|通管局|曝光你们|report you|complain|"
        "file a complaint|report this|ill report|i will report|report u|reporting you|sue you|lawyer|"
        "police|complaint|拉黑"
    ),
    "E": "误|错|不小心|误操作|点错|手滑|手误|按错|发错|搞错|mistake|by mistake|accidentally",
    "I": (
        "恢复|unstop|resume|start please|please start|start messages|重新开通|重新开启|重新打开|重新激活|"
        "恢复一下|恢复下"
    ),
    "M": "重新|接着",
    "O": (
        "订阅|重新订阅|subscribe|resubscribe|subscribe me|resubscribe me|opt in|optin|opt me in|"
        "opt me back in|sign me up|订制短信|定阅|续订|re subscribe|opt back in|sign me back up|add me back|"
        "重新关注|开通订阅|开启订阅|打开订阅"
    ),
    "S": "同意|愿意|consent|my consent",
    "V": "撤回|撤销|收回|revoke|withdraw",
    ".": "别的|别人|别家|特别|分别|区别|个别",
    "g": (
        "订单|退订单|退订金|退订购|退订货|退订餐|退订房|退订票|退订位|退订座|退订桌|退订阅费|退定金|定金|"
        "订金|押金|酒店|宾馆|房间|客房|机票|车票|火车票|航班|行程|票|快递|包裹|货|发货|送货|到货|收货|货物|"
        "顺丰|圆通|中通|申通|韵达|邮政|配送|派送|物流|退款|退货|退钱|退费|退票|换货|不要了|自取|自提|去拿|"
        "预约|预订|挂号|套餐|流量|流量包|宽带|彩铃|来电显示|业务|会员卡|健身卡|月卡|年卡|保险|续费|发票|"
        "地址|牛奶|报纸|杂志|课程|课|停车|停电|停水|停机|停业|停药|打|快件|外卖|餐|颜色|尺码|明天|后天|"
        "下周|下个月|周一|周二|周三|周四|周五|周六|周日|星期|不去|去不了|来不了|不来|改天|改期|改签|不住|"
        "住|单人间|双人间|标间|大床房|套房|包间|包厢|座位|位子|大人|付款|支付|下单|购买|商品|衣服|团购|"
        "入住|出行|出差|旅游|旅行|跟团|门票|演出|电影|疫苗|体检|培训|学费|会费|会籍|尾款|优惠券|券|验证码|"
        "order|orders|booking|appointment|delivery|package|parcel|payment|flight|reservation|ticket|"
        "meeting|account|card|bus|shop|store|hotel|room|服务|营业|活动报名|报名|候补|酒|饭|菜|号源|合同|"
        "信用卡|花呗|白条|自动续费|试驾|维修|保养|安装|上门|师傅|司机|到家|套件|型号|库存|券码|积分|红包|"
        "礼品|赠品|样品|文件|照片|图片|链接|表情|表情包|视频|语音|位置|定位|工资|账单|对账单|货款|作业|"
        "试卷|报告|检查|手术|药|处方|医生|门诊|复诊|化验|租房|看房|押一付三|退租|水电|燃气|电费|水费|物业|"
        "会议|聚会|饭局|上课|补课|退课|退学|退会|退团|退群聊|退保|退单|退餐|退桌|退换|退换货|尺寸|color|"
        "size|invoice|refund|contract|loan|trip|tour|class|course|lesson|food|dinner|lunch|pizza|car|taxi|"
        "train|insurance|membership|item|goods|bill|fee|charge|deposit|贷款"
    ),
    "2": (
        "短信|短信息|短讯|简讯|彩信|广告|推广|营销|促销|宣传|短信通知|短信提醒|消息通知|信息提醒|短信服务|"
        "texts|msgs|text messages|sms messages|ads|adverts|advertising|advertisements|notifications|"
        "newsletters|alerts|txts|活动短信|活动通知|促销通知|优惠通知|垃圾短信|骚扰短信|广告短信|营销短信|"
        "推销短信|推广短信|推广信息|营销信息|促销信息|广告信息|推销信息|垃圾信息|骚扰信息|垃圾广告|小广告|"
        "群发短信|短信推送|短信广告|短信骚扰|短信轰炸|短信订阅|手机短信|手机广告|商业信息|商业短信|"
        "商业广告|简信|端信|短性|spam messages|spam texts|marketing messages|promo messages|text msgs|"
        "promo texts|marketing texts|sms ads|robotexts|spams|smses|营销内容|广告内容|推广内容|促销内容|"
        "营销活动|推广活动|推销信|宣传短信|宣传信息|优惠短信|优惠信息|活动信息|活动推送|优惠推送|会员短信|"
        "服务短信|提醒短信|通知短信"
    ),
    "Ah": "send again|send anymore|send any more",
    "3": "被",
    "4": "could you|can you|would you|will you|could u|can u",
    "5": (
        "先|暂时|暂|今天|今晚|周末|晚上|白天|中午|早上|上午|下午|夜里|半夜|大半夜|大晚上|凌晨|等会|等下|"
        "一会|一会儿|这几天|节假日|上班时间|上班|睡觉时间|today|tonight|for now|at night"
    ),
    "8": "remove",
    "nh": "憋发|表发了|婊发|8要发",
    "nAf": "别在给|不要在给",
    "nAd": "别在烦|不要在烦|别在骚扰|不要在骚扰|别在打扰|不要在打扰|别在推销|不要在推销",
    "nhm": "do not send anything|dont send anything|do not send me|dont send me",
    "n2": (
        "no sms|no texts|no ads|no spam|no promos|no promotions|no marketing|no advertising|"
        "no advertisements|no newsletters|no notifications"
    ),
    "xL": "off this list|off your list|off the list|off ur list|off all lists|off your mailing list",
    "7": (
        "他|她|他们|她们|佢|我爸|我妈|我爸妈|我父母|我父亲|我母亲|我孩子|我儿子|我女儿|我爷爷|我奶奶|"
        "我家人|我老婆|我老公|我家老人|老人家|him|her|them|my mother|my father|my mom|my dad|my son|"
        "my daughter|my wife|my husband|my kid|my kids"
    ),
    "=": "是|属于|系",
    "6": (
        "影响|影响休息|影响工作|影响我休息|影响生活|吵到|吵死|吵死了|浪费|浪费时间|浪费资源|浪费钱|费电|"
        "费流量|占内存|占空间|内存满了|换号|换号了|换号码|换号码了|换了号码|换人|换人了|换主人|换主人了|"
        "易主|机主|新机主|新号|新号码|搬家|搬家了|搬走|搬走了|搬了|去世|去世了|已故|过世|过世了|不在人世|"
        "不在人世了|走了多年|死了|车卖了|车早卖了|没车|没房|不买|不买了|不会买|买不起|没买过|没买|没钱|"
        "没空|没空看|没时间|没有时间|没工夫|没需求|没需要|没有需要|没有需求|没这个需要|没这需求|没这个需求|"
        "没有兴趣|毫无兴趣|无兴趣|不感兴趣了|用不到|用不上|看不懂|不识字|不会用|不认识|不认识你们|不看|"
        "看都不看|从来不看|从不看|从不|没人看|不玩|不玩了|不做|不贷款|不炒股|不网购|不逛|老人|老人机|"
        "老年机|老人手机|老年人|年纪大了|小孩|小孩子|孩子手机|小学生|中学生|学生|学生党|儿童|儿童手表|"
        "未成年|未成年人|毕业|毕业了|工作号|工作手机|单位电话|公司手机|私人号码|私人手机|外地|在外地|国外|"
        "在国外|出国|出国了|漫游|离职|离职了|辞职了|退休|退休了|已退会|退群|退群了|已卸载|卸载|卸载了|"
        "早卸载了|非会员|没注册过|没有注册|没注册|没订过|没订阅过|从没订过|没办过|没办理过|没去过|没消费过|"
        "没参加过|没关注过|隐私|个人隐私|尊重|尊重隐私|侵犯|侵犯隐私|泄露|贩卖|违法|违规|侵权|诈骗|太多|"
        "太多了|太频繁|太频繁了|一大堆|满屏|刷屏|天天都是|又来了|又来|又是你们|对我没用|跟我没关系|"
        "与我无关|和我无关|关我屁事|不关我事|搞错了|搞错人|搞错人了|找错人|找错人了|认错人|认错人了|"
        "号码错了|错号|号码有误|不住那边|不住那边了|不住那里|不住那里了|不住这边|不住这边了|不住这里|"
        "不在那边|不在那边了|不在这边|不在这边了|不需要贷款|没有贷款需求|无贷款需求|不用贷款|不需要信用卡|"
        "不办信用卡|不办卡|不买保险|不需要保险|不买房|不买车|没车没房|不租房|不装修|不办理|不理财|不投资|"
        "不减肥|不整容|不旅游|不健身|不喝酒|不参加|外婆|外公|奶奶|爷爷|姥姥|姥爷|爸爸|妈妈|父亲|母亲|岳父|"
        "岳母|不考虑|不考虑贷款|没打算|不打算|没有打算"
    ),
    "2f": "什么短信都|啥短信都|什么广告都|任何短信都",
    "h2": "推荐产品|推荐商品|推荐活动|推销产品|推广产品|打广告|做广告",
    # 没说别发 is no wish
    "z?": (
        "没说|没说过|没让|没让你们|没叫|没叫你们|没要求|没有说|没有说过|没有让|没有要求|从没说|从没说过|"
        "不是说|又没说|没说要|谁说|谁让|谁说的|并没说|没要|没说让|never said|didnt say|did not say|"
        "never asked|didnt ask"
    ),
    ":": (
        "打电话|打给我|打我电话|电话联系|微信|加微信|加我微信|发微信|邮件|发邮件|发邮箱|邮箱|qq|email|"
        "emails|call|calling|calls|call me|email me|whatsapp|wechat|电邮|来电"
    ),
    "Im": "把我加回|把我加回来|加回我|重新加我|重新把我加回",
    "c2": "关闭通知|关掉通知|关闭提醒",
}
