"""fleet.html, where the file holds the reported run's suite on two kinds of machine or more: how fast, at which power and price, and
whether the methods rank alike."""

from __future__ import annotations

import pandas as pd

from dashboards.fleet.figure import EXPLANATION, draw
from dashboards.fleet.rankings import ceiling_of, ranking_table
from dashboards.fleet.read import Fleet, Machine, read_fleet
from dashboards.fleet.speeds import speed_tables
from dashboards.intervals import number_words
from dashboards.page_parts import figure_html
from dashboards.source import Source

TITLE = "Machines"


def content(source: Source) -> dict | None:
    data = source.data
    fleet = read_fleet(data, source.prices)
    if fleet is None:
        return None
    colours = data.look.colours
    figure = draw(fleet, colours)
    rankings = [ranking_table(fleet, setting, colours) for setting in fleet.settings if len(setting.keys) > 1]
    return {
        "labels": [machine.label for machine in fleet.machines], "machines": [_machine(machine, fleet) for machine in fleet.machines],
        "figure": "" if figure is None else figure_html(figure, "speedups_by_machine"), "explanation": EXPLANATION,
        "tables": speed_tables(fleet, colours), "rankings": rankings, "difference_count": sum(len(table["differences"]) for table in rankings),
        "has_prices": source.prices is not None,
    }


def _machine(machine: Machine, fleet: Fleet) -> dict:
    precisions = list(dict.fromkeys(machine.cells["precision"]))
    flops = [f"{number_words(value / 1e9, '.3g')} GFLOP/s {precision}" for precision in precisions if (value := ceiling_of(machine, "flops_per_s", precision)) is not None]
    bandwidth = ceiling_of(machine, "bytes_per_s")
    price = machine.price
    return {
        "label": machine.label, "hosts": ", ".join(machine.hosts), "run": f"{machine.data.run['id']}, {machine.data.run['started_utc']}",
        "cells": f"{len(machine.cells)} of {len(fleet.keys)}" + (f", {machine.others} with other weights or parameters left out" if machine.others else ""),
        "price": "–" if price is None else f"{price.per_hour:g} {price.currency} per hour",
        "ceilings": ", ".join([*flops, *([f"{number_words(bandwidth / 1e9, '.3g')} GB/s"] if bandwidth is not None else [])]) or "not measured (--profile does)",
        "disturbed": f"{machine.cells['disturbed_repetitions'].sum():.0f}" if pd.notna(machine.cells["disturbed_repetitions"]).any() else "–",
    }
