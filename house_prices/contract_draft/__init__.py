"""A first contract for a market, drafted from one file of its sales.

`reading` gives the file as text, `columns` says what each column looks like by itself, `roles` what it is
for, and `drafting` writes the contract, with a comment wherever a person has to decide.
"""

from house_prices.contract_draft.drafting import draft

__all__ = ["draft"]
