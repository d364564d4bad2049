"""What pages put into their templates: figures as HTML, and data for a page's script."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import plotly.io


def figure_html(figure: go.Figure, name: str) -> str:
    """As wide as the page, and to be scrolled where that is too little for its words (style.css)."""
    config = {"displaylogo": False, "responsive": True, "toImageButtonOptions": {"format": "svg"}}
    return f'<div class="scroll figure">{plotly.io.to_html(figure, full_html=False, include_plotlyjs=False, div_id=name, config=config)}</div>'


def as_json(content: object) -> str:
    """Nothing in it can end a script."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
