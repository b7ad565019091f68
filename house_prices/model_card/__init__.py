"""The model card: what a version is, how it was judged, and what it does not know, as one HTML page."""

from house_prices.model_card.card import Card, card_of
from house_prices.model_card.publish import publish
from house_prices.model_card.render import render

__all__ = ["Card", "card_of", "publish", "render"]
