"""The card's section on how a version did on sales that came after its predictions.

A card is written once, when its version is judged; this section alone is replaced when there are more sales.
"""

import re

from house_prices.model_card.render import environment
from house_prices.monitoring.in_life import CAVEAT, InLife
from house_prices.registry import IN_LIFE, REPORT, Registry

BEGIN, END = "<!-- in life -->", "<!-- end of in life -->"


def publish(registry: Registry, market: str, found: InLife) -> None:
    """Keep it beside the version, and write the section into its card, if it has one and something is new."""
    version = registry.version(market, found.version)
    known = version.folder / IN_LIFE
    if known.is_file() and known.read_bytes() == found.to_json():
        return
    registry.attach(market, found.version, IN_LIFE, found.to_json())
    if version.report.is_file():
        page = version.report.read_text(encoding="utf-8")
        registry.attach(market, found.version, REPORT, inserted(page, section(found)).encode())


def section(found: InLife) -> str:
    """The section as HTML. Every word is escaped."""
    return environment().get_template("in_life.html.jinja").render(found=found, caveat=CAVEAT)


def inserted(page: str, html: str) -> str:
    """The page with this section in place of an earlier one, or behind the others in a card without one."""
    whole = f"{BEGIN}\n{html.strip()}\n{END}"
    if BEGIN in page:
        return re.sub(f"{BEGIN}.*?{END}", lambda _: whole, page, count=1, flags=re.DOTALL)
    return page.replace("</main>", f"{whole}\n</main>", 1)
