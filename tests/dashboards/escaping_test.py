"""A label is text wherever it stands: in the page's HTML and attributes, in what plotly draws, on paper, and in the data of the
profile page's script. Checked on what a browser would make of the files: HTML is parsed, and plotly's texts are read as it
reads them, a small HTML of their own."""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as tree
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.text
import pytest

from dashboards.data import read_run
from dashboards.database import open_database
from dashboards.figures import FIGURES
from dashboards.plotly_text import for_plotly, plotly_text, shortened
from dashboards.report import main

from fleet_database import add_machine
from history_database import empty_file
from methods_database import add_cell
from profile_database import Recording
from rows import add_estimate, insert, new_file, plan_depths

LABELS = ['t<400 & "x"', "a</script><b>b</b> &amp; %{x} $c$ <br>", "'full' > <u>&lt;</u>"]
SUITE, DEVICE, KERNEL, HOST = '<suite> & "s"', "a <GPU> & co", "void gemm<float, 4>(T&&)</script>", "host<1>&"
TAGS = {"html", "head", "meta", "title", "script", "style", "body", "main", "header", "nav", "h1", "h2", "h3", "p", "a", "section", "div", "table",
        "thead", "tbody", "tr", "th", "td", "small", "span", "img", "details", "summary", "dl", "dt", "dd", "em", "pre", "select", "option"}  # of our templates
# what our figures write around words
OURS = re.compile(r"<br>|</?b>|<span style='(?:font-size:11px|color:#[0-9A-F]{6})'>|</span>|<extra></extra>")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over two solvers and step counts with a profile, whose every word is an attack on the page."""
    path = tmp_path_factory.mktemp("escaping") / "hostile.db"
    connection = new_file(path)
    connection.execute("UPDATE run SET suite_name = ?, suite_text = ?, argv = ?", (SUITE, f"name = '{SUITE}'", json.dumps(["run", SUITE])))
    connection.execute("UPDATE machine SET host = ?, cpu_model = ?, settings = ?", (HOST, DEVICE, json.dumps({"A<B": "&"})))
    connection.execute("UPDATE metric SET definition = definition || ' <if> a & b'")
    insert(connection, "machine", id=2, run=1, host="other", load_average_1min=0.1)  # so that devices are shown with their host
    full, row, schedule = LABELS
    number = 0
    for solver in ("ddim", "euler<1>"):
        for steps in (2, 4):
            base, times = number + 1, tuple(999.0 - 1000 * i / steps for i in range(steps))
            common = {"steps": steps, "times": times, "flops_full": 100.0}
            add_cell(connection, base, "full", {}, label=full, milliseconds=2.0 * steps, fid=24 / steps, flops=100, exits=[{4: 10}] * steps, **common)
            for i, threshold in enumerate(("<0.1>&", "0.2")):
                add_cell(connection, base + 1 + i, "uncertainty_exit", {"threshold": threshold, "gate": "<g>"}, label=row + threshold, baseline=base,
                         decides="row", milliseconds=steps, speedup=2.0, fid=26 / steps + i, fid_lost=0.1 + i, flops=60, exits=[{1: 5, 3: 5}] * steps, **common)
            add_cell(connection, base + 3, "static_schedule", {"schedule": "demo"}, label=schedule, baseline=base, milliseconds=1.5 * steps,
                     speedup=1.3, fid=25 / steps, fid_lost=0.2, flops=75, exits=[{3: 10}] * steps, **common)
            plan_depths(connection, base + 3, (0, 1000, 3))
            number += 4
            connection.execute("UPDATE cell SET solver = ?, grid = 'trailing<&>', given_solver_params = ? WHERE id >= ?",
                               (solver, json.dumps({"order": "<&>"}), base))
            for cell in range(base, base + 4):
                insert(connection, "sample", cell=cell, sample_index=0, label=3, width=1, height=1, channels=1, pixels=b"\x00")
    elsewhere = {"steps": 4, "times": (999.0, 749.0, 499.0, 249.0), "flops_full": 100.0}
    add_cell(connection, 80, "full", {}, label=full, milliseconds=5.0, flops=100, exits=[{4: 10}] * 4, **elsewhere)
    add_cell(connection, 81, "static_schedule", {"schedule": "demo"}, label=schedule, baseline=80, milliseconds=4.0, speedup=1.2, flops=75,
             exits=[{3: 10}] * 4, **elsewhere)
    add_estimate(connection, 81, "runtime_speedup", 1.1, 1.0, 1.2)
    connection.execute("UPDATE cell SET runtime = 'open<vino> & co' WHERE id IN (80, 81)")
    add_cell(connection, 90, "half", {}, label="failed <cell>", baseline=1, milliseconds=1.0)
    connection.execute("UPDATE cell SET status = 'failed', reason = 'not <finite> & so' WHERE id = 90")
    connection.execute("INSERT INTO warmup_end VALUES (2, 'timing', 0, 0, 'max_seconds')")
    connection.execute("UPDATE cell SET key = 'key <2> & so' WHERE id = 2")
    connection.execute("UPDATE timing SET disturbance = 'another <process> & so' WHERE round = 1")
    connection.execute("UPDATE estimate SET low = NULL, high = NULL, n = 3 WHERE metric = 'throughput'")  # "n < 6" in hovers
    connection.execute("INSERT INTO artifact VALUES (2, 'gates', 'g<1>.toml', 'ab')")
    record(Recording(connection))
    connection.execute("UPDATE profile SET device_name = ?, source_reason = 'held by <nsys> & so'", (DEVICE,))
    add_estimate(connection, 2, "overhead_nvtx", 1.0, n=3)
    for i in range(3):
        insert(connection, "telemetry", machine=2, device="another", sampled_ns=i * 10**9, power_w=90)
        insert(connection, "telemetry", machine=1, device=DEVICE, sampled_ns=i * 10**9, power_w=100, throttle_bits=4)
    connection.commit()
    connection.close()
    return path


def record(recording: Recording) -> None:
    for cell, base in ((1, 0), (2, 1000)):
        sampling = recording.scope(cell, "sampling", base, base + 60, rows=2)
        evaluation = recording.scope(cell, "evaluation", base, base + 60, sampling, evaluation=0, t=999.0, rows=2)
        block = recording.scope(cell, "block", base, base + 60, evaluation, block=1, rows=2, rows_inside=2)
        recording.activity(block, KERNEL, base, base + 50, flops=1000.0, moved_bytes=100.0)


@pytest.fixture(scope="module")
def report(hostile: Path) -> Path:
    out = hostile.parent / "report"
    assert main([str(hostile), "-o", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two machines whose every word is an attack."""
    path = tmp_path_factory.mktemp("fleet") / "fleet.db"
    connection = empty_file(path)
    for run in (1, 2):
        add_machine(connection, run, f"{DEVICE} {run}", 10.0, {"duodiff": 1.5, "fixed_exit": 2.0 - 0.8 * (run - 1)}, host=HOST + str(run))
    connection.execute("UPDATE cell SET method_label = ? WHERE method = 'duodiff'", (LABELS[0],))
    connection.execute("UPDATE cell SET method_label = ? WHERE method = 'fixed_exit'", (LABELS[1],))
    connection.execute("UPDATE cell SET grid = 'trailing<&>'")
    connection.commit()
    connection.close()
    (path.parent / "p.csv").write_text(f'machine,price_per_hour,currency\n{HOST}1,1.5,<EUR> & "co"\n')
    assert main([str(path), "-o", str(path.parent / "report"), "--prices", str(path.parent / "p.csv")]) == 0
    return path.parent / "report/fleet.html"


class Page(HTMLParser):
    """What a browser would have: tags that were opened, text, attributes and scripts."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.attributes, self.scripts = set(), [], [], []
        self.open = ""
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list) -> None:
        self.tags.add(tag)
        self.attributes += [value for _, value in attributes if value]
        self.open = tag if tag in ("script", "style", "pre", "option") else ""
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.open = ""

    def handle_data(self, data: str) -> None:
        if self.open == "script":
            self.scripts[-1] += data
        elif self.open != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def one_line(words: str) -> str:
    return " ".join(words.split())


def shown_by_plotly(text: str) -> str:
    """What plotly draws: our markup read, then entities. Anything else that looks like markup is a failure."""
    bare = OURS.sub("\n", text)
    assert "<" not in bare and ">" not in bare, text
    assert not re.search(r"&(?!(?:amp|lt|gt|#37);)", bare), text
    return html.unescape(bare)


def strings_in(value: object, key: str = "") -> list[tuple[str, str]]:
    """Every string of a figure with the name of its attribute, but for numbers stored as text and identifiers."""
    if isinstance(value, str):
        return [] if key in ("bdata", "dtype", "legendgroup", "uid") else [(key, value)]
    if isinstance(value, dict):
        return [pair for name, inner in value.items() if name != "template" for pair in strings_in(inner, name)]
    return [pair for inner in value for pair in strings_in(inner, key)] if isinstance(value, list) else []


def figures_of(page: Path) -> list[dict]:
    """Of the calls of Plotly.newPlot in a page and, of the profile page, of its cells."""
    decoder, found = json.JSONDecoder(), []
    for script in Page(page).scripts[1:]:  # the first one is plotly.js
        for call in re.finditer(r"Plotly\.newPlot\(\s*\"[^\"]+\",\s*", script):
            data, end = decoder.raw_decode(script, call.end())
            layout, _ = decoder.raw_decode(script, re.compile(r",\s*").match(script, end).end())
            found.append({"data": data, "layout": layout})
        if profiles := re.search(r"^const profiles = (.*);$", script, re.M):
            found += [figure for cell in json.loads(profiles.group(1)).values() for figure in cell["figures"].values() if figure]
    return found


@pytest.mark.parametrize("name", ["report.html", "profile.html"])
def test_no_word_becomes_a_tag_or_ends_a_script(report: Path, name: str) -> None:
    page = Page(report / name)
    assert page.tags <= TAGS | ({"i"} if name == "profile.html" else set())  # its legend
    assert "&amp;" not in page.text.replace(one_line(LABELS[1]), "") and "&lt;" not in page.text.replace(LABELS[2], "")  # escaped once


def test_the_report_shows_words_as_they_are(report: Path) -> None:
    page = Page(report / "report.html")
    for words in (*LABELS, SUITE, DEVICE, HOST, "A<B=&", "euler<1>", "trailing<&>", "failed <cell>", "not <finite> & so", "key <2> & so", "another <process> & so",
                  "g<1>.toml", "n < 6", "<if> a & b"):
        assert one_line(words) in page.text, words
    for words in ("how much faster <if> a & b [ratio]", f"samples of {LABELS[0]}", "threshold=<0.1>&, gate=<g>", "another <process> & so: 1"):
        assert words in page.attributes, words


def test_the_profile_page_shows_words_as_they_are(report: Path) -> None:
    page = Page(report / "profile.html")
    for words in (f"{LABELS[0]}, ddim 2 steps, batch 10", f"{LABELS[1]}<0.1>&, ddim", SUITE, DEVICE, "held by <nsys> & so", f"{HOST} {DEVICE} was throttled", "n < 6"):
        assert one_line(words) in page.text, words
    cells = json.loads(re.search(r"^const profiles = (.*);$", page.scripts[-1], re.M).group(1))
    assert cells["1"]["kernels"][0][0] == KERNEL  # the script shows it by textContent


def test_the_page_of_machines_shows_words_as_they_are(fleet: Path) -> None:
    page = Page(fleet)
    assert page.tags <= TAGS
    for words in (*LABELS[:2], f"{DEVICE} 1, 2 cores", f"{HOST}1", "trailing<&>", '<EUR> & "co"', f"{LABELS[0]} is faster than {LABELS[1]} on {DEVICE} 2, 2 cores"):
        assert one_line(words) in page.text, words
    pairs = [pair for figure in figures_of(fleet) for pair in strings_in(figure)]
    shown = [shown_by_plotly(text) for _, text in pairs]
    for words in (*LABELS[:2], f"{DEVICE} 1"):
        assert any(words in text for text in shown), words
    assert not any("%{x} $c$" in text for key, text in pairs if key == "hovertemplate")


@pytest.mark.parametrize("name", ["report.html", "profile.html"])
def test_plotly_shows_words_as_they_are(report: Path, name: str) -> None:
    figures = figures_of(report / name)
    assert len(figures) == (len(FIGURES) if name == "report.html" else 12)  # phases, telemetry, and 5 of each cell
    pairs = [pair for figure in figures for pair in strings_in(figure)]
    shown = {key: [shown_by_plotly(text) for of, text in pairs if of == key] for key in {key for key, _ in pairs}}
    everything = [text for texts in shown.values() for text in texts]
    wanted = [*LABELS, "euler<1>", "trailing<&>", "order=<&>", "<0.1>&", "<g>", "another <process> & so", "n < 6", "<if> a & b"] if name == "report.html" else [KERNEL, f"{HOST} {DEVICE}", *LABELS[:2]]
    for words in wanted:
        assert any(words in text for text in everything), words
    templates = [text for key, text in pairs if key == "hovertemplate"]
    assert templates and not any("%{x} $c$" in text for text in templates)  # a label's own %{x} would be a number


def test_each_figure_takes_part(hostile: Path) -> None:
    with open_database(str(hostile)) as connection:
        data = read_run(connection, 1)
        assert [name for name, module in FIGURES.items() if module.draw(data.for_plotly()) is None] == []
        # the check above can fail: without escaping each figure shows markup
        for name, module in FIGURES.items():
            strings = strings_in(json.loads(module.draw(data).to_json()))
            assert any("<" in OURS.sub("", text) for _, text in strings), name


def test_paper_shows_words_as_they_are(hostile: Path) -> None:
    with open_database(str(hostile)) as connection:
        data = read_run(connection, 1)
        for name, module in FIGURES.items():
            if not hasattr(module, "draw_paper"):
                continue
            figure = module.draw_paper(data)
            figure.canvas.draw()
            texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
            assert not any(text.get_parse_math() for text in texts), name
            said = [text.get_text() for text in texts]
            assert any(words in text for words in (*LABELS[1:], "<0.1>&") for text in said), (name, said)
            assert not any("$" in text.replace("$c$", "") or "&lt;" in text.replace(LABELS[2], "") for text in said), name


def test_the_svg_is_xml(report: Path) -> None:
    paths = list((report / "figures").glob("*.svg"))
    assert len(paths) == sum(hasattr(module, "draw_paper") for module in FIGURES.values())
    for path in paths:
        tree.parse(path)


def test_escaping_is_exact_and_once() -> None:
    assert plotly_text('t<400 & "x"') == 't&lt;400 &amp; "x"'
    assert plotly_text("&lt; %{x} 5 % {y}") == "&amp;lt; &#37;{x} 5 % {y}"
    assert html.unescape(plotly_text(LABELS[1])) == LABELS[1]
    assert for_plotly({"a<b": ["<", 1, None, ("&",)]}) == {"a&lt;b": ["&lt;", 1, None, ("&amp;",)]}
    assert shortened(plotly_text("ab<cd"), 3) == "ab&lt;" and shortened(plotly_text("a&b"), 2) == "a&amp;"  # never through an entity
