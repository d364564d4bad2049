"""Ranks of the methods by every metric, with the words on where metrics disagree and where intervals tell nothing."""

from __future__ import annotations

from dashboards.data import RunData
from dashboards.intervals import interval_words, number_words
from dashboards.quality.groups import Group
from dashboards.quality.orders import Order, contradictions, order_of, untold


def rank_tables(data: RunData, groups: list[Group]) -> list[dict]:
    """For the template, by group with two judged cells: title, headings, rows, contradictions and warnings."""
    found = []
    for group in groups:
        orders = [order for quality in data.qualities if (order := order_of(group, data, quality)) is not None]
        if not orders:
            continue
        names = group.cells.set_index("cell")["method_label"].to_dict()
        found.append({
            "title": group.title, "metrics": [(order.quality.axis_title, data.define(order.quality.metric)) for order in orders],
            "rows": [{"method": names[cell], "colour": data.look.colours[names[cell]], "ranks": [_rank(order, cell) for order in orders]} for cell in names],
            "contradictions": contradictions(orders, names), "several": len(orders) > 1,
            "warnings": [words for order in orders if (words := untold(order, names))],
        })
    return found


def _rank(order: Order, cell: int) -> dict:
    """Its rank as far as it is known, and the value that stands beside."""
    if cell not in order.cells:
        return {"rank": "–", "value": ""}
    row = order.values.loc[cell]
    value = f"{number_words(row['value'], '.4g')} {interval_words(row['low'], row['high'], row['n'], '.4g')}"
    return {"rank": order.words(cell), "value": value}
