"""The model card: what a version is, how it was judged, and what it does not know, as one HTML page."""

from house_prices.report.card import Card, card_of
from house_prices.report.further import Further
from house_prices.report.publish import write_report
from house_prices.report.render import render

__all__ = ["Card", "Further", "card_of", "render", "write_report"]
