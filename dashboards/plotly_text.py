"""Words of users, files and libraries as text that plotly shows as they are. Plotly reads every text as a small HTML with
`%{name}` for values, in titles, legends, axes, labels and hovers alike: a label `t<400 & "x"` would lose its end.

    figure = module.draw(data.for_plotly())    # THE place for the report: data whose words are plotly's already
    plotly_text('t<400 & "x"')                 # 't&lt;400 &amp; "x"'

Figures add their own `<br>` and `<b>` around such words. HTML is escaped by the templates, and matplotlib reads words as
they are (theme.py), so neither goes through here.
"""

from __future__ import annotations

import html

import pandas as pd
from pandas.api.types import is_numeric_dtype


def plotly_text(words: str) -> str:
    text = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("%{", "&#37;{")


def for_plotly(value):
    """A frame, series, dict (keys too), tuple or list with plotly_text in the place of each string; else the value."""
    if isinstance(value, str):
        return plotly_text(value)
    if isinstance(value, (tuple, list)):
        return type(value)(map(for_plotly, value))
    if isinstance(value, dict):
        return {for_plotly(key): for_plotly(inner) for key, inner in value.items()}
    if isinstance(value, pd.Series):
        return value if is_numeric_dtype(value) else pd.Series([for_plotly(v) for v in value], value.index, value.dtype, value.name)
    if isinstance(value, pd.DataFrame):
        return value.assign(**{name: for_plotly(value[name]) for name in value if not is_numeric_dtype(value[name])})
    return value


def shortened(text: str, most: int) -> str:
    """The first characters of what plotly would show; a cut through `&lt;` would show its beginning."""
    return plotly_text(html.unescape(text)[:most])


def length_shown(text: str) -> int:
    return len(html.unescape(text))
