"""python -m dashboards.report results.db -o report/ [--run N]: one self-contained HTML page, another one where the run has a
profile, and the figures as SVG and PDF."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import jinja2
import matplotlib
import matplotlib.pyplot as plt
import plotly.io
from plotly.offline import get_plotlyjs

matplotlib.use("Agg")

from dashboards.data import RunData, read_run  # noqa: E402
from dashboards.database import ReportError, choose_run, open_database  # noqa: E402
from dashboards.environment_table import environment_rows  # noqa: E402
from dashboards.figures import FIGURES  # noqa: E402
from dashboards.profile.page import profile_page  # noqa: E402
from dashboards.sample_grid import sample_strips  # noqa: E402
from dashboards.summary_table import footnotes, headings, table_rows  # noqa: E402
from dashboards.verdict import verdict  # noqa: E402


def write_atomically(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def templates() -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)


def page(data: RunData, has_profile: bool) -> str:
    figures, drawn = [], data.for_plotly()
    for name, module in FIGURES.items():
        figure = module.draw(drawn)
        if figure is not None:
            html = plotly.io.to_html(
                figure, full_html=False, include_plotlyjs=False, div_id=name,
                config={"displaylogo": False, "responsive": True, "toImageButtonOptions": {"format": "svg"}},
            )
            figures.append({"name": name, "title": module.TITLE, "explanation": module.EXPLANATION, "html": html})
    return templates().get_template("report.html.j2").render(
        run=data.run, has_profile=has_profile, verdict=verdict(data), columns=headings(data),
        rows=table_rows(data), footnotes=footnotes(data), figures=figures, samples=sample_strips(data), environment=environment_rows(data),
        metrics=data.metrics, plotly_js=get_plotlyjs(),
    )


def write_paper_figures(data: RunData, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, module in FIGURES.items():
        figure = module.draw_paper(data) if hasattr(module, "draw_paper") else None
        if figure is None:
            continue
        for kind in ("svg", "pdf"):
            temporary = folder / f".{name}.{kind}"
            figure.savefig(temporary, format=kind, metadata={"Date": None} if kind == "svg" else {"CreationDate": None})
            os.replace(temporary, folder / f"{name}.{kind}")
        plt.close(figure)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dashboards.report", description=__doc__)
    parser.add_argument("database")
    parser.add_argument("-o", "--out", required=True, help="folder for the report")
    parser.add_argument("--run", type=int, help="which run of the database (default: the latest)")
    options = parser.parse_args(arguments)
    try:
        with open_database(options.database) as connection:
            data = read_run(connection, choose_run(connection, options.run))
            profile = profile_page(data, templates())
            html = page(data, profile is not None)
            out = Path(options.out)
            try:
                out.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ReportError(f"-o {out}: cannot be made a folder: {error.strerror}") from None
            write_paper_figures(data, out / "figures")
            if profile is not None:
                write_atomically(out / "profile.html", profile.encode())
            write_atomically(out / "report.html", html.encode())
    except ReportError as error:
        print(f"diffbench report: {error}", file=sys.stderr)
        return 2
    print(out / "report.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
