"""Draws docs/pictures/alert.png: the demo's surge alert as a phone shows it.

make demo && .venv/bin/python tools/readme_picture.py        (needs Debian's chromium)
"""

import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from bot.channels.page import Page
from bot.model.alert import Kind, Reason
from bot.store import open_store

WATCH = "Hmeimim to eastern Libya"
WIDTH, HEIGHT, SCALE = 420, 1396, 2  # of the page; the alert's first message fills it
TOP = 118  # below the page's own heading


def main() -> int:
    demo = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-out")
    store = open_store(demo / "airlift" / "airbridge.sqlite", now=datetime.now(UTC))
    page = Page("Airbridge")
    for post in reversed(store.posts(10_000)):
        delivery = store.delivery(post.id)
        told = delivery.message
        first = (told.kind, told.reason) == (Kind.SURGE, Reason.FIRST)
        if first and WATCH in told.title and delivery.address.channel == "page":
            page.add(told, post.created)
            break
    store.close()
    with tempfile.TemporaryDirectory() as folder:
        html, png = Path(folder) / "page.html", Path(folder) / "page.png"
        page.write(html)
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--hide-scrollbars", f"--user-data-dir={folder}/profile",
             f"--force-device-scale-factor={SCALE}", f"--window-size={WIDTH},{HEIGHT}",
             f"--screenshot={png}", html.as_uri()],
            check=True, capture_output=True,
        )  # fmt: skip
        picture = Image.open(png).convert("RGB")
        target = Path(__file__).parent.parent / "docs" / "pictures" / "alert.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        cut = picture.crop((0, TOP * SCALE, picture.width, picture.height))
        cut.quantize(256).save(target, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
