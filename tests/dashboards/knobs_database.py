"""A run over methods, two values of their knobs and two step counts, with numbers that can be checked by hand."""

from __future__ import annotations

from pathlib import Path

from methods_database import add_cell
from rows import new_file


def make_knobs(path: Path) -> Path:
    """full and duodiff at two switch times and two step counts; a threshold that exits by rows, another by batches."""
    connection = new_file(path)
    times = {4: (999.0, 749.0, 499.0, 249.0), 2: (999.0, 499.0)}
    for base, steps in ((1, 4), (11, 2)):
        full = [{4: 10}] * steps
        add_cell(connection, base, "full", {}, milliseconds=2.0 * steps, steps=steps, fid=24 / steps, times=times[steps], exits=full,
                 flops=100 * steps, flops_full=100 * steps)
        # half the blocks by FLOPs with a tenth of them for probes; 0.2 of 4 blocks carried; 1.6 times as fast, not 2
        add_cell(connection, base + 1, "uncertainty_exit", {"threshold": 0.1}, label="row 0.1", baseline=base, steps=steps,
                 milliseconds=2.0 * steps / 1.6, speedup=1.6, decides="row", fid=28 / steps, times=times[steps], exits=[{1: 5, 3: 5}] * steps,
                 flops=50 * steps, probe_flops=5 * steps, flops_full=100 * steps, carried=0.2, compactions=1)
        add_cell(connection, base + 2, "uncertainty_exit", {"threshold": 0.05}, label="row 0.05", baseline=base, steps=steps,
                 milliseconds=1.5 * steps, speedup=2 / 1.5, decides="row", fid=26 / steps, times=times[steps], exits=[{2: 9, 4: 1}] * steps, flops=70 * steps, flops_full=100 * steps)
        add_cell(connection, base + 3, "uncertainty_exit", {"threshold": 0.1, "granularity": "batch_mean"}, label="batch 0.1", baseline=base,
                 steps=steps, milliseconds=1.1 * steps, speedup=2 / 1.1, decides="batch", fid=30 / steps, times=times[steps], exits=[{2: 10}] * steps, flops=50 * steps, flops_full=100 * steps)
        add_cell(connection, base + 4, "duodiff", {"switch_t": 700}, label="duo late", baseline=base, steps=steps, milliseconds=1.2 * steps, speedup=2 / 1.2,
                 fid=27 / steps, times=times[steps], exits=[{1: 10}] + [{4: 10}] * (steps - 1), flops=70 * steps, flops_full=100 * steps)
    connection.commit()
    connection.close()
    return path
