"""The fixed utterances by name: those a pack must bring, and those with words of our own."""

from __future__ import annotations

REQUIRED_PROMPTS = (
    "greeting",
    "refuse_offer",
    "offer_human",
    "handoff",
    "seat_busy",
    "seat_failed",
    "no_input",
    "not_understood",
    "filler",
    "anything_else",
    "goodbye",
    "repeat_prefix",
    "clarify_scene",
)

PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    "unknown_model": ("model",),
    "model_noted": ("model",),
    "ask_by_name": ("slot",),
    "clarify_scene": ("scene",),
    "clarify_between": ("first", "second"),
    "clarify_question": ("question",),
    "dictation_read_back": ("groups",),
    "dictation_corrected": ("groups",),
    "dictation_doubt": ("groups",),
    "dictation_ask_group": ("group",),
    "dictation_letter": ("place",),
    "call_back_closed": ("opens",),
    "call_back_opens": ("opens",),
    "call_back_moved": ("when",),
    "call_back_booked": ("when",),
    "queue_position": ("position",),
    "queue_wait": ("wait",),
    "queue_key": ("key",),
}
"""What every variant of a prompt must hold; ``{label}``, ``{missing}``, ``{format}`` may be."""

# A pack's prompts.yaml may override any of these; several variants, so that none is said twice.
OPTIONAL_PROMPTS: dict[str, tuple[str, ...]] = {
    # two scenes that are too close to choose
    "clarify_between": (
        "我确认一下，是{first}，还是{second}？",
        "您说的是{first}，还是{second}？",
    ),
    # a FAQ that is near, and not near enough to be said
    "clarify_question": (
        "您是想问{question}，对吗？",
        "我确认一下，您问的是{question}，是吗？",
    ),
    # small talk
    "hello": ("您好，请说您遇到的问题。", "您好，我在听，您请讲。"),
    "who_am_i": (
        "我是智能语音助手，能帮您查资料、排查故障，也可以随时帮您转人工。请说您的问题。",
        "我是机器人客服，产品和故障的问题都可以问我，需要的话我帮您转人工。您请讲。",
    ),
    # in the middle of a call: after a remark, half a sentence, a model and no more
    "go_ahead": ("嗯，您请说。", "好的，有什么您随时说。", "嗯，我在听。"),
    "go_on": ("嗯，您接着说。", "好，您慢慢说。", "嗯，您继续讲。"),
    "model_noted": ("好的，{model}。您想问它的什么问题？", "记下了，是{model}。它遇到什么情况了？"),
    "hear_you": ("听得到，您请说。", "能听到，您请讲。"),
    "thanks": ("不客气，应该的。", "不用谢，能帮上忙就好。"),
    # a long answer in parts
    "more": ("后面还有，要我接着说吗？", "还没说完，要继续吗？", "后面还有几步，接着说吗？"),
    "try_it": (
        "您先照这个试一下，不行再告诉我。",
        "您可以现在试试，有问题随时说。",
        "您先按这个操作，我在线上等您。",
    ),
    "did_it_help": ("现在问题解决了吗？", "好的，这样解决了没有？", "您看，现在恢复正常了吗？"),
    # all of the answer was given before; REPEAT brings it again
    "as_said": (
        "这个和刚才说的一样，要再听就说再说一遍。",
        "还是刚才说的那样，没听清就说再说一遍。",
    ),
    "nothing_more": ("就是这些，没有后面的了。", "刚才说的就是全部了。"),
    # patience
    "wait_ok": ("好的，您慢慢看，看好了告诉我。", "没关系，我等您。", "不着急，您看完再说。"),
    "still_there": ("我还在，您看好了随时说。", "我在线上等您，不着急。", "您继续看，我不挂。"),
    "no_input_goodbye": (
        "一直没有听到您的声音，我先挂断了。有需要请您再打过来，再见。",
        "可能是线路的问题，我听不到您的声音，先挂断了。欢迎您再打过来，再见。",
    ),
    "please_hold": ("正在为您转接，请稍等。", "还在接通工程师，请您再等一下。"),
    # a caller who corrects, declines, is not helped
    "corrected": ("好的，我改过来了。", "明白，按您说的改了。"),
    "declined": ("好的，那您接着说。", "好，那我们继续，您请讲。"),
    "not_solved": (
        "抱歉没有解决，要给您转人工工程师吗？",
        "看来还是不行，需要我转人工工程师吗？",
    ),
    "confirm_more": ("我再跟您确认一下。", "可能我没说清楚。", "我换个问法。"),
    # a scene's question whose own words have all been said; see PLACEHOLDERS
    "ask_by_name": (
        "刚才问您的{slot}，您看一下是哪种情况？",
        "我们接着说{slot}，您那边是怎样的？",
        "还差{slot}这一点，您知道的话告诉我。",
    ),
    "repeat_none": ("我还没有说过什么，您先讲讲遇到的问题。", "还没有可以重复的内容，您请讲。"),
    "scene_solved": ("太好了，解决了就好。", "好的，恢复正常就放心了。"),
    "unknown_aside": ("这一点我手上没有资料，先给您记下。", "这个我查不到，回头请工程师答您。"),
    # a model that the company does not have
    "unknown_model": (
        "{model}不在我们的产品里，我没有它的资料，不敢拿别的机型来回答。要帮您转人工吗？",
        "我这里查不到{model}，不能用别的型号代替。需要转给工程师吗？",
        "{model}的资料我手上没有，说错了会耽误您。请工程师来答，可以吗？",
        "关于{model}我确实没有资料。您看要不要转人工？",
    ),
    # what was said is no question: ask for one
    "what_is_asked": (
        "好的，您想问哪方面的问题？",
        "明白，那您需要我帮您查什么？",
        "嗯，我听到了。您遇到的是什么问题？",
    ),
    # an angry caller, once
    "sorry": ("实在抱歉，让您着急了。", "非常抱歉，给您添麻烦了。"),
    "sorry_offer": (
        "非常抱歉让您这么着急，要我现在就给您转人工工程师吗？",
        "您的心情我理解，需要我马上转人工工程师吗？",
    ),
    # pictures and links do not go over a telephone
    "offer_figure": (
        "这里有一张图，要不要把图发到您手机上？",
        "有一张示意图，需要发到您手机上吗？",
    ),
    "offer_link": ("要不要把网址发到您手机上？", "网址我可以发短信给您，需要吗？"),
    "message_sent": ("好的，马上发到您手机上。", "好，稍后您会收到短信。"),
    # a serial or telephone number that is taken down; see PLACEHOLDERS
    "dictation_read_back": ("我重复一遍，{groups}。对吗？", "我念一遍，{groups}。您看对不对？"),
    "dictation_corrected": ("改好了，{groups}。对吗？", "好的，{groups}。这样对吗？"),
    "dictation_doubt": (
        "我记下的是，{groups}。这和一般的{label}不太一样，您核对一下，对吗？",
        "我再念一遍，{groups}。看着不太像{label}，您再看看，对吗？",
    ),
    "dictation_ask_group": ("{group}，请您再说一遍。", "好的，{group}是多少？"),
    "dictation_ask_rest": (
        "还差{missing}位，请接着念。",
        "嗯，后面还有{missing}位，您接着说。",
        "我记到，{groups}。还差{missing}位，请接着念。",
    ),
    "dictation_letter": ("第{place}位，是数字零，还是字母O？",),
    "dictation_go_on": (
        "{label}我记到，{groups}。请接着说。",
        "{label}前面是，{groups}。后面请您接着念。",
    ),
    "dictation_start_over": ("好的，请您从头再说一遍。", "没关系，我们从头来，您请说。"),
    "dictation_misfit": (
        "这个{label}好像不对。{format}麻烦您从头再念一遍。",
        "这样还不是完整的{label}。{format}请您再念一遍。",
    ),
    "dictation_missed": ("这一段我没听清，请您慢一点再念一遍。", "没听清楚，麻烦您一位一位地念。"),
    "dictation_keypad": ("您也可以直接按电话上的数字键，按星号改上一组，按井号结束。",),
    "dictation_offer": ("一直没有核对上，要不要请人工来帮您登记？",),
    "dictation_done": ("好的，记下了。", "好，已经登记了。"),
    # waiting for a seat; see PLACEHOLDERS
    "queue_position": (
        "工程师都在通话中，您排在第{position}位，请稍等。",
        "让您久等了，您现在排在第{position}位。",
        "还在为您接通，您排在第{position}位，请不要挂机。",
    ),
    "queue_wait": ("估计还要等{wait}。", "大概再等{wait}。"),
    "queue_key": ("不想等的话，请按{key}，我们给您回电话。",),
    # a call back where nobody takes the call; see PLACEHOLDERS
    "call_back_offer": (
        "现在没有工程师能接听，要不要给您预约回电？",
        "抱歉，工程师这会儿都接不了，给您登记一个回电，好吗？",
    ),
    "call_back_closed": (
        "现在工程师已经下班了。{opens}要不要给您预约回电？",
        "现在是下班时间，没有工程师接听。{opens}给您登记一个回电，好吗？",
    ),
    "call_back_opens": ("{opens}上班。",),
    "call_back_when": (
        "好的，您希望什么时候给您回电？比如明天上午，或者下午三点。",
        "没听清时间，您说一个方便的时间就行，比如明天上午。",
    ),
    "call_back_moved": ("那个时间没有人上班，{when}给您打，您看行的话，",),
    "call_back_number": (
        "就打您现在的这个号码，可以吗？",
        "回电打您现在这个号码行不行？要换一个，请直接报号码。",
    ),
    "call_back_own_number": ("号码没有核对上，我先登记您现在用的这个号码。",),
    "call_back_booked": (
        "好的，已经登记了，{when}给您回电，您的情况我会一起转给工程师。",
        "登记好了，{when}会给您回电，刚才说的我都记下了。",
    ),
    "call_back_failed": ("实在抱歉，这会儿登记不上，麻烦您过一会儿再打过来。",),
    # about the call itself
    "queue_notice": (
        "您好，现在咨询的人比较多，暂时没有空闲的线路。非常抱歉，请您过几分钟再打过来，谢谢您的来电。",
    ),
    "recording_stopped": ("好的，接下来的通话不录音，您请继续。",),
    "back_from_hold": ("您好，我还在线上。",),
    # hand-offs the caller did not ask for
    "danger": (
        "请先离开设备，在安全的情况下断电，我马上给您转人工。",
        "请注意安全，不要再碰设备，我马上转人工工程师。",
    ),
    "sensitive": (
        "这件事我请专人来处理，马上给您转接，请稍等。",
        "您说的情况我记下来了，这就请人工来跟您沟通。",
    ),
    "not_certain": (
        "这个问题我没有把握，给您转人工工程师，请稍等。",
        "我怕说错耽误您，这就转人工工程师。",
    ),
}
