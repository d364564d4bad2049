"""What every figure starts from: one run's cells with their estimates, read once."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from dataclasses import dataclass

import pandas as pd

from dashboards.database import query
from dashboards.families import with_families
from dashboards.intervals import interval_words
from dashboards.plotly_text import for_plotly
from dashboards.quality_axis import VALUES, Quality, choose_quality, judged_qualities, with_quality
from dashboards.theme import Look, look_of
from dashboards.units import metric_of

CELLS = """
SELECT cell_summary.*, cell.given_solver_params, cell.model_fingerprint, ifnull(cell.judged_as, cell.id) AS judged_as
FROM cell_summary JOIN cell ON cell.id = cell_summary.cell
WHERE cell_summary.run = :run ORDER BY cell_summary.cell
"""
# columns of cell_summary with *_low, *_high and *_n: the factor and form of *_interval, their interval in words
INTERVALS = {
    "latency_ns": (1e-6, ".4g"), "images_per_s": (1.0, ".4g"), "speedup": (1.0, ".3f"), "runtime_speedup": (1.0, ".3f"), "realised_fraction": (1.0, ".2f"),
    "decode_share": (1.0, ".1%"), "fid": (1.0, ".4g"), "fid_difference": (1.0, "+.3g"),
}
NUMBERS = [
    "theoretical_speedup", "blocks_ratio", "flops_per_sample", "flops_full", "peak_memory_bytes", "device_memory_bytes",
    "energy_j_per_sample", "samples_seen", "repetitions", "disturbed_repetitions", "warmup_converged",
    *(f"{name}{end}" for name in INTERVALS for end in ("", "_low", "_high", "_n")),
]


@dataclass(frozen=True)
class RunData:
    connection: sqlite3.Connection
    run: pd.Series  # the row of table run
    cells: pd.DataFrame  # view cell_summary with *_interval in words, the columns of families.py and quality_axis.py
    metrics: dict[str, dict[str, str]]  # by name: unit, better, definition, formula
    look: Look
    values: pd.DataFrame  # view cell_quality, with `better`: every quality metric of the cells
    qualities: list[Quality]  # which they are
    quality: Quality  # the one on axes: columns quality, quality_low, .. of `cells`
    is_for_plotly: bool = False

    def query(self, sql: str, **parameters: object) -> pd.DataFrame:
        """With :run, and the parameters that the SQL names beside it."""
        rows = query(self.connection, sql, run=int(self.run["id"]), **parameters)
        return for_plotly(rows) if self.is_for_plotly else rows

    def for_plotly(self) -> RunData:
        """The same with every word as plotly shows it (plotly_text.py): what draw() of each figure gets."""
        look = Look(*(for_plotly(getattr(self.look, field.name)) for field in dataclasses.fields(self.look)))
        quality = dataclasses.replace(self.quality, title=for_plotly(self.quality.title))
        return dataclasses.replace(self, cells=for_plotly(self.cells), metrics=for_plotly(self.metrics), look=look, quality=quality, is_for_plotly=True)

    def judged_by(self, quality: Quality) -> RunData:
        """The same with another metric on the axes."""
        return dataclasses.replace(self, cells=with_quality(self.cells, self.values, quality), quality=quality)

    def define(self, metric: str) -> str:
        """Definition and formula of a metric, or of a value's name, for hovering."""
        row = self.metrics.get(metric_of(metric))
        return f"{row['definition']} [{row['formula']}]" if row else ""


def scenario_title(scenario: str, batch: int, compute: str) -> str:
    """`compute`: precision, and the runtime where it is not LibTorch's own."""
    return f"{scenario.replace('_', ' ')}, batch {batch}, {compute}"


def read_run(connection: sqlite3.Connection, run: int, quality: str | None = None) -> RunData:
    """`quality`: the name of the metric on axes. ReportError where the run was not judged by it."""
    row = query(connection, "SELECT * FROM run WHERE id = :run", run=run).iloc[0]
    methods = query(connection, "SELECT name, knob, knob_text FROM method WHERE run = :run", run=run)
    cells = with_families(query(connection, CELLS, run=run), methods).astype({name: float for name in NUMBERS})
    on_runtime = cells["runtime"].map(lambda runtime: "" if runtime == "eager" else f" on {runtime}")
    words = {f"{name}_interval": _in_words(cells, name, *how) for name, how in INTERVALS.items()}
    cells = pd.concat([cells, pd.DataFrame(words | {"compute": cells["precision"] + on_runtime}, index=cells.index)], axis=1)
    cells.loc[cells["role"] == "baseline", "speedup_interval"] = ""  # 1 by definition
    metrics = query(connection, "SELECT * FROM metric").set_index("name").to_dict("index")
    baselines, nulls = (set(cells.loc[cells["role"] == role, "method_label"]) for role in ("baseline", "null"))
    families = cells.drop_duplicates("method_label").set_index("method_label")["family"].to_dict()
    look = look_of(families, baselines, nulls, list(cells["solver"].unique()))
    values = query(connection, VALUES, run=run).astype(dict.fromkeys(("value", "low", "high"), float))
    qualities = judged_qualities(values)
    chosen = choose_quality(qualities, quality)
    return RunData(connection, row, with_quality(cells, values, chosen), metrics, look, values, qualities, chosen)


def _in_words(cells: pd.DataFrame, name: str, factor: float, form: str) -> list[str]:
    ends = (cells[f"{name}_low"] * factor, cells[f"{name}_high"] * factor, cells[f"{name}_n"])
    return [interval_words(low, high, n, form) for low, high, n in zip(*ends)]


def parameters_text(text: str) -> str:
    """A method's or solver's JSON parameters as readers see them."""
    values = json.loads(text)
    return ", ".join(f"{key}={json.dumps(value) if isinstance(value, bool) else value}" for key, value in values.items())
