"""diffbench-report results.db -o report/ [--run N] [--quality METRIC] [--comparison F.json] [--prices P.csv]: the pages of a run (pages.py), each
one self-contained HTML file, and the figures as SVG and PDF. From a checkout: python -m dashboards.report."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import tomllib
from contextlib import ExitStack
from pathlib import Path

try:
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("Agg")

    from dashboards.comparison.read import new_run, read_comparison, read_document
    from dashboards.data import RunData, read_run
    from dashboards.database import ReportError, choose_run, open_database
    from dashboards.figures import FIGURES
    from dashboards.fleet.prices import read_prices
    from dashboards.pages import PAGES, file_name, render
    from dashboards.source import Source
except ModuleNotFoundError as error:  # an installed program finds any python3
    project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text())["project"]
    wanted = " ".join(f"'{name}'" for name in project["dependencies"])
    print(f"diffbench report: {sys.executable} has no module '{error.name}'; in a virtual environment, whose python DIFFBENCH_PYTHON then names: pip install {wanted}", file=sys.stderr)
    raise SystemExit(2) from None


def write_atomically(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


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


def write_pages(pages: dict[str, str], folder: Path) -> None:
    """Pages of an earlier report that this one has not would show another run's numbers: they go."""
    for name, html in pages.items():
        write_atomically(folder / name, html.encode())
    for page in PAGES:
        if file_name(page) not in pages:
            (folder / file_name(page)).unlink(missing_ok=True)


def write_report(options: argparse.Namespace) -> Path:
    """The folder; ReportError before anything is written."""
    with ExitStack() as stack:
        connection = stack.enter_context(open_database(options.database))
        document = None if options.comparison is None else read_document(options.comparison)
        data = read_run(connection, choose_run(connection, options.run if document is None else new_run(document, options.run)), options.quality)
        comparison = None if document is None else read_comparison(document, data, stack)
        prices = None if options.prices is None else read_prices(options.prices)
        pages = render(Source(data, comparison, prices))
        out = Path(options.out)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ReportError(f"-o {out}: cannot be made a folder: {error.strerror}") from None
        write_paper_figures(data, out / "figures")
        write_pages(pages, out)
    return out


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="diffbench-report", description=__doc__)
    parser.add_argument("database")
    parser.add_argument("-o", "--out", required=True, help="folder for the report")
    parser.add_argument("--run", type=int, help="which run of the database (default: the latest, or the one compared)")
    parser.add_argument("--quality", help="the metric on the axes, as fid, kid or fid@EXTRACTOR (default: fid, or the first that the run was judged by)")
    parser.add_argument("--comparison", help="what `diffbench compare OLD NEW --json` wrote, NEW being a run of the database: adds its page")
    parser.add_argument("--prices", help="a CSV file with columns machine,price_per_hour,currency: adds what images cost to the page of machines")
    options = parser.parse_args(arguments)
    try:
        out = write_report(options)
    except ReportError as error:
        print(f"diffbench report: {error}", file=sys.stderr)
        return 2
    print(out / file_name("report"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
