"""What an hour of a machine costs, as the user's file has it: machine,price_per_hour,currency.

    prices = read_prices("prices.csv")
    prices.of(label, hosts)     # Price(3.5, "EUR"), by the machine's label or its only host; None where the file has neither
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from dashboards.database import ReportError

COLUMNS = ["machine", "price_per_hour", "currency"]


@dataclass(frozen=True)
class Price:
    per_hour: float
    currency: str


@dataclass(frozen=True)
class Prices:
    path: str
    rows: dict[str, Price]

    def of(self, label: str, hosts: list[str]) -> Price | None:
        return self.rows.get(label) or (self.rows.get(hosts[0]) if len(hosts) == 1 else None)

    def check(self, names: list[str]) -> None:
        """ReportError where a row names none of these machines: a misspelt one would be missing without a word."""
        for name in self.rows:
            if name not in names:
                raise ReportError(f"{self.path}: no machine '{name}' in this file; it has {', '.join(repr(of) for of in names)}")


def read_prices(path: str) -> Prices:
    """ReportError names the file and the line."""
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != COLUMNS:
                raise ReportError(f"{path}:1: the columns must be {','.join(COLUMNS)}")
            rows: dict[str, Price] = {}
            for row in reader:
                if row["machine"] in rows:
                    raise ReportError(f"{path}:{reader.line_num}: '{row['machine']}' has a price already")
                rows[row["machine"]] = Price(_number(row["price_per_hour"], f"{path}:{reader.line_num}"), row["currency"] or "")
            return Prices(path, rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReportError(f"{path}: not a table of prices: {error}") from None


def _number(text: str | None, place: str) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ReportError(f"{place}: price_per_hour '{text}' is no number above 0")
    return value
