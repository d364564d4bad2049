"""THE table of figures, in the order of the report. A figure is a module with QUERY (its SQL, or None where the cells
suffice), TITLE, EXPLANATION and draw(data) -> plotly figure, or None when the run holds nothing to draw; and draw_paper(data)
-> matplotlib figure where a paper would print it. In EXPLANATION {quality} and {down} are the metric on the axis and where its better values lie."""

from dashboards.figures import (
    blocks_over_t,
    exit_heat_map,
    method_sweep,
    raw_timings,
    runtimes,
    saving_by_solver,
    solver_quality,
    speed_quality,
    speedups,
    throughput_latency,
    where_saving_goes,
)

FIGURES = {
    "speed_quality": speed_quality,
    "method_sweep": method_sweep,
    "solver_quality": solver_quality,
    "throughput_latency": throughput_latency,
    "speedups": speedups,
    "runtimes": runtimes,
    "where_saving_goes": where_saving_goes,
    "saving_by_solver": saving_by_solver,
    "blocks_over_t": blocks_over_t,
    "exit_heat_map": exit_heat_map,
    "raw_timings": raw_timings,
}
