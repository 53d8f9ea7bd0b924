"""What the manual says, as a caller would ask it: question, words of the answer, file, page."""

from __future__ import annotations

from typing import NamedTuple


class Fact(NamedTuple):
    """`page` is 0 where the format has none; `kind` is the kind of the passage that says it."""

    question: str
    says: str
    file: str
    page: int = 0
    kind: str = "row"


PDF, DOCX, XLSX, HTML = "manual.pdf", "nic.docx", "spares.xlsx", "firmware.html"
FACTS = (
    Fact("这台服务器最多能装多少块硬盘", "三十六块硬盘", PDF, 1, "paragraph"),
    Fact("整机满配有多重", "四十二千克", PDF, 1, "paragraph"),
    Fact("power transition log with time stamp", "every power transition", PDF, 1, "paragraph"),
    Fact("工作温度要求是多少", "五到三十五摄氏度", PDF, 1, "paragraph"),
    Fact("海拔最高多少可以用", "三千零五十米", PDF, 1, "paragraph"),
    Fact("硬盘黄灯常亮怎么更换", "4. 插入同型号的新硬盘", PDF, 1, "steps"),
    Fact("拉出硬盘托架之前要等多久", "等待三十秒", PDF, 1, "steps"),
    Fact("阵列重建速度有多快", "每小时八百吉字节", PDF, 2, "paragraph"),
    Fact("纽扣电池是什么型号", "CR2032", PDF, 2, "paragraph"),
    Fact("3号是什么部件", "左耳开关板", PDF, 2),
    Fact("十八号是什么模组", "电源监控模组", PDF, 3),
    Fact("19号是什么模组", "OCP网卡模组", PDF, 3),
    Fact("12号是什么", "光驱托架", PDF, 2),
    Fact("电源灯橙色闪烁是什么意思", "输入电压过低", PDF, 3),
    Fact("健康灯红色常亮代表什么", "处理器温度过高", PDF, 3),
    Fact("固定导轨的螺钉扭矩是多少", "1.8牛米", PDF, 3),
    Fact("固定挂耳用什么螺钉", "M5", PDF, 4),
    Fact("固定机柜立柱和横梁的连接件用多大扭矩", "5.5牛米", PDF, 4),
    Fact("M8螺钉的扭矩", "9.1牛米", PDF, 4),
    Fact("网口灯不亮先换什么网线", "六类以上的网线", PDF, 4, "paragraph"),
    Fact("远程唤醒默认打开吗", "默认关闭，需要在固件设置界面里打开", PDF, 4, "paragraph"),
    Fact("超级电容多久自动充放电一次", "每三个月自动充放电", PDF, 4, "paragraph"),
    Fact("管理网口的默认地址是什么", "192.168.1.100", PDF, 4, "figure"),
    Fact("后面板的定位按钮在图上吗", "定位按钮", PDF, 4, "figure"),
    Fact("整机质保几年", "质保期为五年", PDF, 5, "paragraph"),
    Fact("电池质保多久", "十八个月", PDF, 5, "paragraph"),
    Fact("机器返修前要做什么", "2. 取下加密狗和资产标签", PDF, 5, "steps"),
    Fact("系统里看不到网卡怎么安装驱动", "3. 重启以后", DOCX, 0, "steps"),
    Fact("XN710在统信系统上用哪个驱动版本", "统信20 | 驱动版本: 2.5.0", DOCX),
    Fact("XN820在欧拉上的驱动版本", "3.0.7", DOCX),
    Fact("网卡安装位置在哪里", "图 1 网卡安装位置", DOCX, 0, "figure"),
    Fact("一千六百瓦电源单独购买保修多久", "保修 单独购买: 两年", XLSX),
    Fact("热插拔风扇的料号", "F6038", XLSX),
    Fact("电源返修率是多少", "2.3%", XLSX),
    Fact("固件升级需要多长时间", "二十分钟", HTML, 0, "paragraph"),
    Fact("固件升级失败后机器不能启动怎么办", "2. 按住定位按钮插上电源线", HTML, 0, "steps"),
    Fact("哪个固件版本支持国密算法", "固件版本: 4.12 | 发布日期: 四月", HTML),
    Fact("成都的工程师电话", "028-5550200", "cities.csv"),
)  # fmt: skip
