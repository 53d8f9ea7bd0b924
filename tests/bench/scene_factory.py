"""A pack of many scenes: distinct, of the shape and size of those people write, from one seed.

A scene is a part and what is wrong with it, on one product line or on all. Callers' wordings,
slots, contradictions and branches are drawn from lists; no two scenes have the same name.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from voicebot.cli.pack import TEMPLATE

PRODUCTS = (
    "", "机架服务器", "存储服务器", "塔式服务器", "四路服务器", "智算服务器", "双控存储", "交换机",
)  # fmt: skip
PARTS = (
    "硬盘", "内存", "风扇", "电源", "网口", "管理口", "阵列卡", "主板", "显卡", "光模块", "背板",
    "固态盘", "电池", "线缆", "前面板", "指示灯", "串口", "光口", "导轨", "散热器", "处理器",
    "光驱", "控制器", "扩展卡", "键盘", "显示器", "系统盘", "热备盘", "缓存", "时钟",
)  # fmt: skip
FAULTS = (
    ("不识别", ("找不到{p}", "{p}认不出来", "系统里看不到{p}", "{p}没有了")),
    ("报警", ("{p}一直报警", "{p}亮红灯了", "{p}有告警灯", "{p}出现警告")),
    ("噪音大", ("{p}声音特别响", "{p}嗡嗡的", "{p}吵得不行", "{p}有异响")),
    ("速度慢", ("{p}特别慢", "{p}卡得很", "{p}性能上不去", "{p}读写很慢")),
    ("温度高", ("{p}过热", "{p}烫得厉害", "{p}温度降不下来", "{p}超温")),
    ("时好时坏", ("{p}不稳定", "{p}老是断", "{p}隔一会儿就坏", "{p}偶尔好用")),
    ("装不上", ("{p}插不进去", "{p}安装不了", "新{p}放不进去", "{p}卡不住")),
    ("升级失败", ("{p}固件升不上去", "{p}刷新报错", "{p}更新到一半停了", "{p}版本升级不成功")),
    ("无法登录", ("{p}登不进去", "{p}密码不对", "{p}界面打不开", "{p}连不上去")),
    ("数据丢失", ("{p}里面的数据没了", "{p}变空了", "{p}格式不对了", "{p}内容丢了")),
)
FRAMES = ("{x}", "{x}怎么办", "我们这边{x}", "机房里有一台{x}", "麻烦看一下，{x}", "昨天开始{x}")
CAUSES = ("松动", "损坏", "设置不对", "驱动太旧", "供电不足", "兼容问题", "版本太低", "环境不好")
ACTIONS = (
    "重新插好",
    "换一个位置",
    "更新驱动",
    "恢复默认设置",
    "检查供电",
    "清理灰尘",
    "联系工程师更换",
)
LABELS = ("故障/卡纸", "咨询/服务")
SLOT_KINDS = ("since", "changed", "light", "scope", "count", "tried")

SHARED = """\
model:
  type: regex
  label: 型号
  pattern: 'YL[0-9]{4}[A-Z][0-9]'
  ask: [请报一下机器型号。, 是哪个型号的机器？]
  help: 型号在前面板的标签上，YL开头。是什么型号？
"""
SLOTS = {
    "since": """\
  since:
    type: enum
    label: 出现时间
    values:
      always: {name: 一直这样, say: [一直, 从来, 新装的, 刚到货]}
      sudden: {name: 突然出现, say: [突然, 今天, 昨天, 刚才]}
      after: {name: 改动之后, say: [升级之后, 搬动之后, 改过之后]}
    ask: [这个问题是一直有，还是突然出现的？, 是什么时候开始的？]
    help: 您回想一下，之前正常吗？
""",
    "changed": """\
  changed:
    type: bool
    label: 最近是否改动
    about: [改动, 动过]
    affirm: [改过, 换过, 动过了]
    deny: [没改过, 没动过, 没换过]
    ask: [最近改动过机器吗？, 最近有没有换过什么？]
    help: 比如加过配件、升级过系统。有没有？
""",
    "light": """\
  light:
    type: enum
    label: 指示灯
    values:
      green: {name: 绿灯, say: [绿灯, 绿的, 绿色]}
      amber: {name: 黄灯, say: [黄灯, 黄的, 橙色]}
      off: {name: 不亮, say: [不亮, 灭的, 没有灯]}
    ask: [指示灯是什么颜色？, 灯是绿的、黄的，还是不亮？]
    help: 看一下前面板。灯是什么颜色？
""",
    "scope": """\
  scope:
    type: enum
    label: 范围
    values:
      one: {name: 一台, say: [一台, 就这台, 只有它]}
      many: {name: 多台, say: [好几台, 都这样, 全部]}
    ask: [是一台这样，还是好几台？, 只有这一台有问题吗，还是都有？]
    help: 看看旁边同型号的机器。是一台还是好几台？
""",
    "count": """\
  count:
    type: number
    label: 数量
    about: [个, 块, 条]
    min: 0
    max: 64
    ask: [一共有几个？, 数量是多少？]
    help: 打开盖子数一下。有几个？
""",
    "tried": """\
  tried:
    type: bool
    label: 是否重启过
    about: [重启]
    affirm: [重启过, 重启了]
    deny: [没重启, 还没重启]
    ask: [重启过没有？, 试过重启机器吗？]
    help: 正常关机再开机就是重启。重启过吗？
""",
}
CONDITIONS = {
    "since": ("since == always", "since == sudden", "since == after"),
    "changed": ("changed == yes", "changed == no"),
    "light": ("light == green", "light == amber", "light == off"),
    "scope": ("scope == one", "scope == many"),
    "count": ("count < 2", "count >= 2"),
    "tried": ("tried == no", "tried == yes"),
}


def write_pack(root: Path, scenes: int, seed: int = 7) -> Path:
    """A pack with this many scenes at `root`, which must not exist yet."""
    shutil.copytree(TEMPLATE, root)
    for path in (root / "scenes").glob("*.yaml"):
        path.unlink()
    (root / "slots.yaml").write_text(SHARED, encoding="utf-8")
    kinds = [(product, part, fault) for product in PRODUCTS for part in PARTS for fault in FAULTS]
    rng = random.Random(seed)
    for number, kind in enumerate(rng.sample(kinds, scenes)):
        text = _scene(rng, number, *kind)
        (root / "scenes" / f"s{number:04}.yaml").write_text(text, encoding="utf-8")
    return root


def _scene(
    rng: random.Random, number: int, product: str, part: str, fault: tuple[str, tuple[str, ...]]
) -> str:
    word, wordings = fault
    whole = f"{product}的{part}" if product else part
    said = [f"{whole}{word}", *(each.format(p=whole) for each in wordings)]
    triggers = [frame.format(x=text) for text in said for frame in rng.sample(FRAMES[1:], 2)]
    triggers = list(dict.fromkeys([*said, *triggers]))[: rng.randint(10, 15)]
    names = rng.sample(SLOT_KINDS, rng.randint(3, 4))
    first, second = names[:2]
    parts = [
        f"id: gen.s{number:04}",
        f"name: {whole}{word}",
        f"label: {rng.choice(LABELS)}",
        *([f"product: {product}"] if product else []),
        "triggers:",
        *(f"  - {trigger}" for trigger in triggers),
        f"not_triggers: [{whole}怎么选, {whole}多少钱, {part}是什么意思]",
        "slots:",
        "".join(SLOTS[name] for name in names).rstrip(),
        "  model: {use: model}",
        "branches:",
    ]
    for nth, condition in enumerate(CONDITIONS[first][:-1]):
        parts.append(_branch(rng, f"a{nth}", condition, whole))
    last = CONDITIONS[first][-1]
    for nth, condition in enumerate(CONDITIONS[second]):
        parts.append(_branch(rng, f"b{nth}", f"{last} and {condition}", whole))
    if rng.random() < 0.5:
        parts.append(f"ask_order: [{', '.join(names)}]")
    parts += [
        "limits: {max_turns: 12, max_asks: 3}",
        "exits:",
        "  on_limit: {handoff: 售后, reason: 多轮没有定位}",
        "tests:",
        "  - name: 开场",
        f"    turns: [{{say: {triggers[0]}, expect: {{}}}}]",
        "",
    ]
    return "\n".join(parts)


def _branch(rng: random.Random, name: str, condition: str, whole: str) -> str:
    cause, action = rng.choice(CAUSES), rng.choice(ACTIONS)
    return (
        f"  - id: {name}\n    when: {condition}\n    cause: {whole}{cause}\n"
        f"    solution_class: 指导操作/排除卡纸\n    need: [model]\n    answer:\n"
        f"      say: 这一般是{whole}{cause}。请您先{action}。{{model}}的步骤在手册里。"
    )
