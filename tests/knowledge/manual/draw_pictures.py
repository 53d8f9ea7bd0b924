"""Draws figure.png and scan.png, which are kept here: CI need not have a Chinese font.

    python -m tests.knowledge.manual.draw_pictures FONT.ttc

Drawn once with WenQuanYi Micro Hei (Apache-2.0).
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

HERE = Path(__file__).parent
SCAN = (
    (46, "第七章 质保与服务", 1),
    (30, "整机质保期为五年，自发货之日起计算。", 0),
    (30, "电池质保期为十八个月。", 0),
    (30, "报修请拨打服务热线四零零八零零九九零零。", 0),
    (36, "7.1 返修流程", 1),
    (30, "机器返修前请完成以下操作：", 0),
    (30, "1. 备份全部业务数据。", 0),
    (30, "2. 取下加密狗和资产标签。", 0),
    (30, "3. 用原厂纸箱包装。", 0),
)


def figure(font: str) -> Image.Image:
    """The rear of a machine with callouts, 640 by 300 pixels."""
    image = Image.new("L", (640, 300), 255)
    draw = ImageDraw.Draw(image)
    face = ImageFont.truetype(font, 26)
    draw.rectangle((40, 40, 600, 210), outline=0, width=3)
    for x, name in ((60, "冗余电源"), (250, "管理网口"), (440, "定位按钮")):
        draw.rectangle((x, 80, x + 140, 170), outline=0, width=2)
        draw.text((x + 18, 108), name, font=face, fill=0)
    draw.text((150, 235), "管理网口默认地址192.168.1.100", font=face, fill=0)
    return image


def scan(font: str) -> Image.Image:
    """A typed page as a scanner gives it: a little turned, soft and grey; 150 dpi, A4."""
    image = Image.new("L", (1240, 1754), 250)
    draw = ImageDraw.Draw(image)
    y = 160
    for size, text, heading in SCAN:
        draw.text((150, y), text, font=ImageFont.truetype(font, size), fill=20)
        y += size + (40 if heading else 26)
    return image.rotate(0.4, fillcolor=250).filter(ImageFilter.GaussianBlur(0.7))


def main() -> None:
    figure(sys.argv[1]).quantize(4).save(HERE / "figure.png", optimize=True)
    scan(sys.argv[1]).quantize(8).save(HERE / "scan.png", optimize=True)


if __name__ == "__main__":
    main()
