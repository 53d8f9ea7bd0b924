"""The manual as PDF: born-digital pages, a two-column page, a figure, a scanned page."""

from __future__ import annotations

from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

HERE = Path(__file__).parent
FONT = "STSong-Light"  # a CID font of the PDF standard: needs no file
LEFT, RIGHT = 60.0, 535.0
BODY = 10.5
PARTS = (
    ("1", "前面板硬盘背板", "11", "直流电源转接板"), ("2", "右耳灯板", "12", "光驱托架"),
    ("3", "左耳开关板", "13", "机箱上盖"), ("4", "中置硬盘架", "14", "风扇护网"),
    ("5", "导风罩", "15", "机柜导轨"), ("6", "系统风扇模组", "16", "理线臂"),
    ("7", "处理器散热器", "17", "后置硬盘模组"), ("8", "内存模组", "18", "电源监控模组"),
    ("9", "主板", "19", "OCP网卡模组"), ("10", "超级电容", "20", "TPM模块"),
)  # fmt: skip
LAMPS = (
    ("部位", "颜色", "含义"),
    ("电源灯", "绿色常亮", "供电正常"),
    ("电源灯", "橙色闪烁", "输入电压过低"),
    ("健康灯", "红色常亮", "处理器温度过高"),
)
TORQUE = (
    ("螺钉", "用在哪里", "扭矩"), ("M3", "固定硬盘", "0.6牛米"), ("M4", "固定导轨", "1.8牛米"),
    ("M5", "固定挂耳", "3.2牛米"),
)  # fmt: skip
TORQUE_NEXT = (("M6", "固定机柜立柱和横梁之间的", "5.5牛米"), ("M8", "固定底座", "9.1牛米"))


class Manual:
    """Draws from the top down; `y` is the distance to the lower edge in points."""

    def __init__(self, path: Path) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
        self.canvas = Canvas(str(path), pagesize=A4, pageCompression=1)
        self.number = 0
        self.begin()

    def begin(self) -> None:
        self.number += 1
        self.canvas.setFont(FONT, 9)
        self.canvas.drawString(LEFT, 810, "YL9000 服务器维护手册 V1.2")
        self.canvas.drawCentredString(297, 30, f"第 {self.number} 页")
        self.y = 770.0

    def turn(self) -> None:
        self.canvas.showPage()
        self.begin()

    def line(self, text: str, size: float = BODY, x: float = LEFT, gap: float = 1.5) -> None:
        self.canvas.setFont(FONT, size)
        self.canvas.drawString(x, self.y, text)
        self.y -= size * gap

    def heading(self, text: str, size: float = 14) -> None:
        self.y -= 10
        self.line(text, size, gap=1.9)

    def space(self, points: float = 8) -> None:
        self.y -= points

    def ruled(
        self, rows: tuple[tuple[str, ...], ...], widths: tuple[float, ...], high: float = 18
    ) -> None:
        """A table with all its rules; a cell like the one above it is merged with it."""
        top = self.y + 12
        xs = [LEFT]
        for width in widths:
            xs.append(xs[-1] + width)
        for i, row in enumerate(rows):
            for j, text in enumerate(row):
                same_above = i > 0 and rows[i - 1][j] == text
                y = top - i * high
                if not same_above:
                    self.canvas.line(xs[j], y, xs[j + 1], y)
                    self.canvas.setFont(FONT, BODY)
                    self.canvas.drawString(xs[j] + 4, y - 13, text)
        bottom = top - len(rows) * high
        self.canvas.line(xs[0], bottom, xs[-1], bottom)
        for x in xs:
            self.canvas.line(x, top, x, bottom)
        self.y = bottom - 24

    def columns(self, rows: tuple[tuple[str, ...], ...], xs: tuple[float, ...]) -> None:
        """A table without rules."""
        for row in rows:
            self.canvas.setFont(FONT, BODY)
            for x, text in zip(xs, row, strict=True):
                self.canvas.drawString(x, self.y, text)
            self.y -= BODY * 1.6


def build(path: Path) -> None:
    """Write the manual to `path`."""
    manual = Manual(path)
    _text_pages(manual)
    _tables(manual)
    _two_columns(manual)
    _figure(manual)
    manual.canvas.showPage()
    manual.canvas.drawImage(str(HERE / "scan.png"), 0, 0, *A4)
    manual.canvas.showPage()
    manual.canvas.save()


def _text_pages(manual: Manual) -> None:
    manual.line("YL9000 服务器维护手册", 22, gap=2)
    manual.heading("第一章 产品概述", 16)
    manual.line(
        "YL9000是一款面向虚拟化和数据库业务的双路机架服务器，机箱高度为四优，最多可以安装三十六块硬"
    )
    manual.line("盘。整机满配重量为四十二千克，搬运时需要两个人。")
    manual.space()
    manual.line(
        "The baseboard management controller keeps its own clock and logs every power tran-"
    )
    manual.line("sition with a time stamp. The log holds four thousand events.")
    manual.heading("1.1 工作环境")
    manual.line("工作温度为五到三十五摄氏度，海拔不超过三千零五十米。")
    manual.heading("第二章 部件更换", 16)
    manual.heading("2.1 更换硬盘")
    manual.line("硬盘黄灯常亮时，按下面的步骤更换：")
    for step in (
        "1. 在管理界面里确认故障硬盘的槽位。",
        "2. 按下硬盘托架上的红色卡扣。",
        "3. 等待三十秒，让盘片停转以后再拉出托架，不要在盘片还在转动的时候搬动硬盘，否则会划",
        "伤盘片。",
    ):
        manual.line(step)
    manual.turn()
    manual.line("4. 插入同型号的新硬盘，观察绿灯开始闪烁。")
    manual.space()
    manual.line("阵列重建期间不要关机，重建速度大约每小时八百吉字节。")
    manual.heading("2.2 更换纽扣电池")
    manual.line("断电后主板时间会丢失，说明纽扣电池没电了，电池的型号是CR2032。")


def _tables(manual: Manual) -> None:
    manual.heading("第三章 部件编号", 16)
    manual.line("表 3-1 部件表")
    header = ("编号", "名称", "编号", "名称")
    manual.y = 150
    manual.ruled((header, *PARTS[:5]), (50, 180, 50, 180))
    manual.turn()
    manual.ruled((header, *PARTS[5:]), (50, 180, 50, 180))
    manual.heading("第四章 指示灯", 16)
    manual.ruled(LAMPS, (100, 120, 200))
    manual.heading("第五章 螺钉扭矩", 16)
    manual.y = 100
    manual.columns(TORQUE[:3], (LEFT, 200, 420))
    manual.turn()
    manual.columns((*TORQUE[3:], *TORQUE_NEXT[:1]), (LEFT, 200, 420))
    manual.y += 2
    manual.canvas.drawString(200, manual.y, "连接件")
    manual.y -= BODY * 1.8
    manual.columns(TORQUE_NEXT[1:], (LEFT, 200, 420))


def _two_columns(manual: Manual) -> None:
    manual.heading("第六章 网络与存储", 16)
    top = manual.y
    for line in (
        "板载网口支持千兆和万兆两种速率，出厂",
        "时默认打开链路聚合。网口灯不亮的时候",
        "，先换一根六类以上的网线，再查交换机",
        "端口是否被禁用。聚合口最多包含四个物",
        "理端口，跨交换机的聚合要先打开堆叠。",
        "远程唤醒默认关闭，需要在固件设置界面",
    ):
        manual.line(line)
    manual.y = top
    for line in (
        "里打开以后才能使用。",
        "存储控制器缓存为八吉字节，掉电以后由",
        "超级电容供电，把缓存里面的数据写入闪",
        "存。超级电容每三个月自动充放电一次，",
        "这段时间写策略会临时变成直写，性能下",
        "降属于正常现象，不用报修。",
    ):
        manual.line(line, x=320)
    manual.space(20)


def _figure(manual: Manual) -> None:
    manual.heading("6.1 后面板")
    manual.canvas.drawImage(str(HERE / "figure.png"), 120, manual.y - 150, 320, 150)
    manual.y -= 170
    manual.line("图 6-1 后面板接口位置", x=220)
