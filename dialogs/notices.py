"""What we say unasked, and the few sentences every dialog shares. No logic."""

from __future__ import annotations

from dialogs.messages import Choice

APOLOGY = "刚才我这边出了点问题,你说的话已经收到,没有丢。可以再发一次,或者找老师。"
CRISIS = (
    "我在,先别一个人扛着。你现在的安全最要紧,工作的事都可以往后放。\n"
    "现在就可以打 12356,全国统一心理援助热线,匿名,每天至少 18 小时有人接。\n"
    "如果已经受伤、吃了药或者有危险,马上打 120 或 110。\n"
    "我已经请老师尽快联系你。身边如果有人,让他陪着你,好吗?"
)
CRISIS_AGAIN = "我还在。老师那边已经知道了,会尽快联系你。等的时候难受就打 12356,有人听你说;有危险打 120 或 110。"
SOFT_HOTLINE = "心里实在闷,也可以打 12356,匿名,有人听你说。"
UNSURE = "这个问题我手上没有可靠的依据,不敢乱答。换个说法再问一次,或者让老师来答;也可以打 12333 问当地人社。"
CLARIFY = "想问哪件事?说一句就行,比如「档案放哪儿」「我自己交社保能领补贴吗」。发「菜单」看我能做什么。"
TOO_LONG = "这段话有点长,我只看得清前后各一段。用一两句说说最想问的,我答得更准。"
NO_FILES = "我现在还看不了文件和图片。把要问的那段文字粘贴过来,或者找老师看。"
HANDOVER = "好,已经转给老师,你前面说的老师都能看到。老师回复前我先不插话;要补充什么直接发,想回来和我说就发「结束人工」。"
HANDOVER_LATE = "老师还没来得及回,你的事还挂在他那儿,没有丢。我先回来,急的话可以打 12333。"
WITH_STAFF = "老师那边已经收到,回复会直接发到这里。想先回来和我说,发「结束人工」。"
BACK_FROM_HUMAN = "我回来了,接着说。"
REMINDER = "上次的「{title}」还差几步没填完,要接着来吗?不想填也没关系。"
HEARD = "听着就不容易,先歇口气。想理哪一件,我陪你一件一件来;不着急。"
STALE_CHOICE = "这个按钮是之前那一步的,现在用不上了。"
STUCK = "这一步可以跳过,也可以取消,或者让老师帮你。"
STUCK_HERE = "不想办了可以取消,或者让老师帮你。"
FLOW_GONE = "上次填到一半的「{title}」已经改版,填过的我都留着,要继续就从头确认一遍。"
TO_MENU = Choice("菜单", "go/menu")
TO_HUMAN = Choice("问老师", "go/human")
WHICH = "可能是下面这几件,先各说一句。想细问哪一件?"
"""Says nothing of numbers: inside a dialog a number answers the dialog."""
