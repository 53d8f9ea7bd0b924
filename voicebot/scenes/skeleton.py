"""The file that ``voicebot scenes new`` writes: a small scene that works, to be rewritten."""

from __future__ import annotations

import json
import re
from string import Template

_PLAIN = re.compile(r"\w[\w/+ .-]*\Z")
_SKELETON = Template("""\
# $comment。每个键的说明见 docs/scenes.md。
# 改完后：voicebot scenes lint，voicebot scenes test，voicebot scenes try --scene $id
id: $id
name: $name                # 会念给来电人听：您说的是……，对吗？
label: $label              # labels.yaml 里的问题标签
version: 1
# 来电人会怎么说。写真实的说法，越多样越好；每条都会用来匹配。
triggers:
  - $name
  - $trigger1
  - $trigger2
  - $trigger3
  - $trigger4
# 听起来像、其实是别的意思的说法。
not_triggers: []

slots:
  # enum：几个值里的一个，每个值列出来电人的说法。
  since:
    type: enum
    label: 什么时候开始
    values:
      always: {name: 一直这样, say: [一直, 从来就, 新到的, 刚装好]}
      sudden: {name: 突然出现, say: [突然, 今天, 昨天, 刚才, 之前是好的]}
    # 问法至少写两种，同一句话不会说两遍。
    ask:
      - 这个问题是一直有，还是突然出现的？
      - 以前是好的，最近才这样，还是一直这样？
    # 来电人不知道时的指引，以问句结束。
    help: 您回想一下，机器刚装好的时候正常吗？是一直这样，还是后来才有的？
  # bool：是或否。about 里的词让来电人不等问就能说。
  restarted:
    type: bool
    label: 是否重启过
    about: [重启]
    affirm: [重启过了, 重启了]
    deny: [没重启, 没有重启]
    ask:
      - 机器重启过吗？
      - 您试过重启没有？
    help: 按一下电源键正常关机，再开机，就是重启。您重启过没有？

# 不可能同时成立的回答：when 成立时念 say，reset 里的重新问。例：
# contradictions:
#   - id: both
#     when: since == always and restarted == yes
#     say: 我再确认一下……
#     reset: [restarted]

# 诊断：从上到下第一个成立的。每种回答都要有去处，lint 会检查。
branches:
  - id: restart_first
    when: restarted == no
    cause: 还没有重启
    solution_class: $solution
    answer:
      say: 请您先正常重启一次，看看问题还在不在。
  - id: needs_engineer
    when: restarted == yes
    need: [since]                     # 转接之前先问清楚
    cause: 重启后仍然存在
    solution_class: $solution
    exit: {handoff: $skill, reason: 重启后问题仍在}

# 提问顺序。去掉这一行，就每次问最能区分诊断的那个问题。
ask_order: [restarted]
limits: {max_turns: 12, max_asks: 3}
exits:
  on_limit: {handoff: $skill, reason: 多轮没有定位}

# 每个场景都要有测试对话：voicebot scenes test；覆盖了多少：voicebot scenes coverage
tests:
  - name: 没重启
    turns:
      - {say: $name, expect: {ask: restarted}}
      - {say: 没有, expect: {branch: restart_first, slots: {restarted: no}}}
  - name: 重启过
    turns:
      - {say: $name, expect: {ask: restarted}}
      - {say: 重启过了, expect: {ask: since}}
      - {say: 突然出现的, expect: {branch: needs_engineer, slots: {since: sudden}}}
  - name: 一直这样
    turns:
      - {say: $name, expect: {ask: restarted}}
      - {say: 重启过了 一直这样, expect: {branch: needs_engineer, slots: {since: always}}}
""")


def skeleton(scene_id: str, name: str, label: str, *, solution: str, skill: str) -> str:
    """The text of a new scene file, free of problems where id, labels and name are right."""
    triggers = (f"我们这边{name}", f"机器{name}了", f"{name}怎么办", f"遇到{name}的问题")
    numbered = {f"trigger{nth}": _scalar(text) for nth, text in enumerate(triggers, 1)}
    return _SKELETON.substitute(
        id=scene_id,
        comment=" ".join(name.split()),
        name=_scalar(name),
        label=_scalar(label),
        solution=_scalar(solution),
        skill=_scalar(skill),
        **numbered,
    )


def _scalar(text: str) -> str:
    """`text` as YAML takes it anywhere, in quotes where it must be."""
    plain = _PLAIN.match(text) and text == text.strip()
    return text if plain else json.dumps(text, ensure_ascii=False)
