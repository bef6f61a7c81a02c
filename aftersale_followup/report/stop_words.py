"""Words that say nothing about a product or a service: they join others, count, greet or address somebody.

Words of one letter or character and Chinese numbers ("三次") need not be here; they are never counted.
"""

import re

ENGLISH = """
a about above actually after again all almost already also although always am an and another any anybody anyone
anything anyway are aren't around as ask asked at away back be became because been before being below between both
but by call called came can can't cannot come comes coming could couldn't day days dear did didn't do does doesn't
doing don't done down during each eight either else enough etc even ever every everybody everyone everything few
fifth first five for four fourth from further gave get gets getting give given go goes going gone got had hadn't
half has hasn't have haven't having he hello her here hers herself hi him himself his hour hours how however hundred
i'd i'll i'm i've if in into is isn't it it's its itself just keep kept know last least less let let's like lot lots
madam made make makes making many may maybe me might minute minutes more most mr mrs ms much must my myself need
needed needs neither never next nine no nobody none nor not nothing now of off often oh ok okay on once one ones
only or other others our ours ourselves out over own per perhaps please put quite rather really regards said same
saw say says second see seem seems seen seven shall she should shouldn't since sir six so some somebody someone
something sometimes soon still such take taken takes ten than thank thanks that that's the their theirs them
themselves then there there's these they they're thing things think third this those though thought thousand three
through till time times to today together told tomorrow too took toward towards twice two under until up upon us use
used using very via want wanted wants was wasn't way we we'll we're we've week weeks well went were weren't what
what's when where whether which while who whole whom whose why will with within without won't would wouldn't year
years yes yesterday yet you you're your yours yourself yourselves zero
"""
CHINESE = """
一下 一下子 一些 一会 一会儿 一切 一定 一样 一点儿 一直 一种 一般 一起 一边 上午 上次 上面 下午 下次 下面
不了 不仅 不会 不但 不同 不如 不是 不用 不管 不能 不要 不过 与其 个人 个月 中午 为了 为什么 主要 之前 之后
之类 之间 也是 也许 了解 于是 人家 什么 今天 今年 仍然 从来 他们 以上 以下 以为 以前 以及 以后 任何 会有 但是
作为 你们 你好 使用 便是 保持 倒是 允许 先生 全部 公司 关于 其中 其他 其它 其实 具体 几乎 出来 出现 分钟 刚刚
刚才 别人 到底 前天 包括 半天 半年 即使 发现 变得 另外 只是 只有 只能 只要 可以 可是 可能 各位 各种 同时 同样
后来 否则 告诉 周一 周五 周末 咱们 哪个 哪些 哪里 因为 因此 多久 多少 大家 大概 大约 太太 女士 她们 好像 如何
如果 如此 它们 完全 对于 对方 小时 尤其 就是 就算 尽管 已经 希望 并不 并且 应该 当时 当然 很多 怎么 怎么样
怎样 总是 总的来说 您好 情况 感觉 愿意 我们 我方 或者 所以 所有 打算 找到 拿到 按照 挺好 收到 整个 时候 时间
明天 星期 昨天 是不是 是否 晚上 曾经 最后 最好 最近 有些 有人 有所 有时 有没有 有点 有点儿 有的 朋友 本来 来说
某个 根据 此外 比如 比较 没什么 没有 没能 点钟 然后 然而 特别 现在 由于 的话 目前 直到 直接 看到 真是 真的
知道 等等 结果 继续 罢了 而且 而是 能否 能够 自己 至于 至今 至少 虽然 表示 要是 要求 觉得 认为 许多 说是 请问
谢谢 贵公司 贵司 起来 越来越 还是 还有 这个 这么 这些 这样 这次 这种 这边 这里 进行 通过 那个 那么 那些 那样
那次 那种 那边 那里 都是 里面 除了 随便 需要 非常 顺便 麻烦
"""
COUNTED = re.compile(
    "[零〇一二两三四五六七八九十百千万亿几多第]+(?:个|天|次|年|月|周|号|点|分|分钟|小时|名|位|元|块|只|件|台)?"
)
STOP_WORDS = frozenset(ENGLISH.split()) | frozenset(CHINESE.split())


def is_telling(word):
    """Return whether ``word`` may be counted."""
    return len(word) > 1 and word not in STOP_WORDS and not COUNTED.fullmatch(word)
