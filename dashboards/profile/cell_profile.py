"""What was recorded of one cell, aggregated: the work under each path of scopes, in time per sample.

    for profile in read_profiles(data): ...
    profile.milliseconds("block")        # per sample and rank, of work charged to the phase
    profile.paths                        # ("sampling", "evaluation", "block", "block 7") and the kernel: for the flame graph

On a CPU the work is LibTorch's operators, on a GPU kernels, copies and sets (view profile_work). `idle` is what was between:
on a CPU the time of scopes in which no operator ran, on a GPU a stream's pauses inside a scope (view profile_launch_gap).

Of the repetitions of a rank the shortest and the longest third are left out, so that one disturbance is not the profile; the
others are averaged, so that the parts of a time add up.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pandas as pd

from dashboards.data import RunData
from dashboards.plotly_text import for_plotly

IDLE = "between operators"
# each asks for the whole run at once: the views group all activities, whichever cell is wanted
SCOPES = "SELECT id, cell, rank, parent, phase, block, rows, begin_ns, end_ns FROM scope WHERE run = :run AND cell IS NOT NULL"
WORK = """
SELECT cell, scope, string.value AS name, sum(duration_ns) AS ns, count(*) AS calls
FROM profile_work JOIN string ON string.id = profile_work.name
WHERE profile_work.run = :run AND cell IS NOT NULL GROUP BY cell, scope, string.value
"""
GAPS = "SELECT cell, scope, sum(gap_ns) AS ns FROM profile_launch_gap WHERE run = :run GROUP BY cell, scope HAVING sum(gap_ns) > 0"
KERNELS = "SELECT * FROM profile_kernel WHERE run = :run ORDER BY total_ns DESC"
CARRIED = """
SELECT cell, scope, sum(1.0 * duration_ns * (rows - rows_inside) / rows) AS ns FROM profile_work
WHERE run = :run AND phase = 'block' AND rows > 0 AND rows_inside IS NOT NULL GROUP BY cell, scope
"""
SOURCE = "SELECT source FROM profile WHERE run = :run ORDER BY rank LIMIT 1"


@dataclass(frozen=True)
class CellProfile:
    cell: pd.Series  # its row of RunData.cells
    samples: int  # of the repetitions that count, over all ranks
    recorded_samples: int  # of all repetitions
    lengths: pd.Series  # ns of each repetition, by rank and its number there; cells took turns
    on_gpu: bool
    paths: pd.DataFrame  # path (tuple of names, the last a kernel or IDLE), phase, ns, calls: over all samples and ranks
    kernels: pd.DataFrame  # view profile_kernel, of all repetitions
    carried_ms: float  # of blocks' work for rows that had left, per sample

    def scale(self) -> float:
        """From recorded ns to ms per sample and rank."""
        return 1e-6 / (self.samples * int(self.cell["ranks"]))

    def milliseconds(self, *phases: str) -> float:
        """Work charged to these phases, without what was between; of all phases when none is named."""
        work = self.paths[self.paths["name"] != IDLE]
        return float(work.loc[work["phase"].isin(phases) if phases else slice(None), "ns"].sum()) * self.scale()

    def idle_ms(self, *phases: str) -> float:
        """What was between, in scopes of these phases; in all when none is named."""
        idle = self.paths[self.paths["name"] == IDLE]
        return float(idle.loc[idle["phase"].isin(phases) if phases else slice(None), "ns"].sum()) * self.scale()

    def kernel_scale(self) -> float:
        """As scale(), for `kernels`."""
        return 1e-6 / (self.recorded_samples * int(self.cell["ranks"]))

    def total_ms(self) -> float:
        return self.milliseconds() + self.idle_ms()

    def for_plotly(self) -> CellProfile:
        """As RunData.for_plotly(): what draw() of each figure gets."""
        return dataclasses.replace(self, cell=for_plotly(self.cell), paths=for_plotly(self.paths), kernels=for_plotly(self.kernels))


def read_profiles(data: RunData) -> list[CellProfile]:
    """Of each profiled cell, in the order of the plan."""
    sources = data.query(SOURCE)["source"]
    if sources.empty:
        return []
    on_gpu = sources.iloc[0] == "cupti"
    scopes, work, kernels = (dict(list(data.query(sql).groupby("cell"))) for sql in (SCOPES, WORK, KERNELS))
    gaps = dict(list(data.query(GAPS).groupby("cell"))) if on_gpu else {}
    carried = data.query(CARRIED)
    profiles = []
    for _, cell in data.cells[data.cells["cell"].isin(list(work))].iterrows():
        number = int(cell["cell"])
        recorded = scopes[number].set_index("id")
        mine, lengths = _middle_repetitions(recorded)
        done = work[number][work[number]["scope"].isin(mine.index)]
        idle = gaps.get(number, done[:0]) if on_gpu else _without_operators(mine, done)
        samples = _samples(mine)
        carried_ns = carried.loc[carried["scope"].isin(mine.index), "ns"].sum()
        profiles.append(CellProfile(
            cell, samples, _samples(recorded), lengths, on_gpu, _by_path(mine, done, idle[idle["scope"].isin(mine.index)]),
            kernels[number], float(carried_ns) * 1e-6 / (samples * int(cell["ranks"]))))
    return profiles


def _middle_repetitions(scopes: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The scopes of the repetitions that count, and CellProfile.lengths. An outermost scope is a repetition."""
    roots = scopes[~scopes["parent"].isin(scopes.index)].sort_values("begin_ns")
    length = roots["end_ns"] - roots["begin_ns"]
    by_rank = length.groupby(roots["rank"])
    order, count = by_rank.rank(method="first"), by_rank.transform("size")
    kept = roots.index[(order > count // 3) & (order <= count - count // 3)]
    lengths = pd.Series(length.to_numpy(), index=pd.MultiIndex.from_arrays([roots["rank"], by_rank.cumcount()]))
    return scopes[_roots_of(scopes).isin(kept)], lengths


def _roots_of(scopes: pd.DataFrame) -> pd.Series:
    """The outermost scope of each; a parent's id is below its children's."""
    roots: dict[int, int] = {}
    for scope, parent in sorted(scopes["parent"].items()):
        roots[scope] = roots.get(parent, scope)
    return pd.Series(roots).reindex(scopes.index)


def _without_operators(scopes: pd.DataFrame, work: pd.DataFrame) -> pd.DataFrame:
    """scope, ns: what is left of each scope's time without its inner scopes and its operators."""
    own = scopes["end_ns"] - scopes["begin_ns"]
    inner = own.groupby(scopes["parent"]).sum().reindex(scopes.index, fill_value=0)
    covered = work.groupby("scope")["ns"].sum().reindex(scopes.index, fill_value=0)
    return (own - inner - covered).clip(lower=0).rename("ns").rename_axis("scope").reset_index()


def _by_path(scopes: pd.DataFrame, work: pd.DataFrame, idle: pd.DataFrame) -> pd.DataFrame:
    paths = _paths(scopes)
    parts = pd.concat([work[["scope", "name", "ns", "calls"]], idle[["scope", "ns"]].assign(name=IDLE, calls=0)], ignore_index=True)
    parts["phase"] = parts["scope"].map(scopes["phase"])
    parts["path"] = [(*paths[scope], name) for scope, name in zip(parts["scope"], parts["name"])]
    return parts[parts["ns"] > 0].groupby(["path", "phase", "name"], sort=False, as_index=False)[["ns", "calls"]].sum()


def _paths(scopes: pd.DataFrame) -> dict[int, tuple[str, ...]]:
    """By scope: its phases from the outside in, each followed by its block where it has one. A phase directly inside itself
    (the sampler's scope inside the one of the whole repetition) is one layer."""
    own = {
        scope: (phase,) if pd.isna(block) else (phase, f"{phase} {int(block)}")
        for scope, phase, block in zip(scopes.index, scopes["phase"], scopes["block"])
    }
    parents = {scope: int(parent) for scope, parent in scopes["parent"].dropna().items() if parent in own}
    done: dict[int, tuple[str, ...]] = {}
    for scope in own:
        chain = [scope]
        while chain[-1] in parents and chain[-1] not in done:
            chain.append(parents[chain[-1]])
        for inner in reversed(chain):
            if inner not in done:
                outer = done.get(parents.get(inner, -1), ())
                done[inner] = outer if outer[-1:] == own[inner] else (*outer, *own[inner])
    return done


def _samples(scopes: pd.DataFrame) -> int:
    """Rows of the outermost scopes that say how many rows went through them."""
    outer = scopes[~scopes["parent"].isin(scopes.index) & scopes["rows"].notna()]
    if outer.empty:
        outer = scopes[(scopes["phase"] == "sampling") & scopes["rows"].notna()]
    return max(1, int(outer["rows"].sum()))
