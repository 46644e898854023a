"""What reports are built of: a page, sections, tables, plots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f7f9; color: #1d2b36;
       font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 6px; font-weight: 650; }
h2 { font-size: 1.12rem; margin: 0 0 4px; font-weight: 600; }
h3 { font-size: .95rem; margin: 18px 0 2px; font-weight: 600; }
p { margin: 4px 0 12px; max-width: 48rem; }
.lead { color: #55646f; margin-bottom: 26px; }
.note { color: #55646f; font-size: .88rem; }
section { background: #fff; border: 1px solid #dde5ea; border-radius: 10px; padding: 22px 24px;
          margin: 18px 0; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 8px 0 4px; font-size: .92rem;
        font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 7px 10px; border-bottom: 1px solid #edf1f4;
         white-space: nowrap; vertical-align: top; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td:first-child, thead th { white-space: normal; }
thead th { color: #55646f; font-weight: 500; border-bottom-color: #cfd9e0; vertical-align: bottom; }
tr.measured td:first-child { font-weight: 600; }
tbody tr:last-child td { border-bottom: 0; }
td small { display: block; color: #6b7a86; font-size: .82rem; }
.badge { display: inline-block; border-radius: 99px; padding: 1px 11px; font-weight: 600;
         font-size: .85rem; }
.pass { background: #e3f2ea; color: #17694a; }
.fail { background: #fbe7e2; color: #a5341d; }
code { font-size: .85rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 20px; margin: 8px 0 0;
     font-size: .92rem; }
dt { color: #55646f; } dd { margin: 0; }
details { margin-top: 14px; } summary { cursor: pointer; color: #1f6f8b; }
.tall { max-height: 760px; overflow-y: auto; }
/* Charts keep the width of the screen on paper. So does all else, and browsers shrink the page to
   fit; a box that scrolls would be cut instead. */
@page { margin: 12mm; }
@media print { body { background: #fff; print-color-adjust: exact; }
               main { width: 1032px; max-width: none; padding: 0; }
               section { break-inside: avoid; box-decoration-break: clone; }
               section, .tall { overflow: visible; max-height: none; }
               h2, h3 { break-after: avoid; } tr { break-inside: avoid; } }
"""


def page(title: str, lead: str, sections: Iterable[str]) -> str:
    """Return a whole page, Plotly included; the sections are HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f"<script>{get_plotlyjs()}</script>\n</head>\n<body>\n<main>\n"
        f'<h1>{escape(title)}</h1>\n<p class="lead">{escape(lead)}</p>\n'
        + "\n".join(sections)
        + "\n</main>\n</body>\n</html>\n"
    )


def section(heading: str, *parts: str) -> str:
    """Return a section; its parts are HTML."""
    return f"<section>\n<h2>{escape(heading)}</h2>\n" + "\n".join(parts) + "\n</section>"


def note(text: str) -> str:
    """Return a remark."""
    return f'<p class="note">{escape(text)}</p>'


def badge(passed: bool) -> str:
    """Return the verdict pass or fail, in a colour and in a word."""
    word = "pass" if passed else "fail"
    return f'<span class="badge {word}">{word}</span>'


def cell(text: str, below: str = "") -> str:
    """Return the contents of a cell, with a smaller line below."""
    return escape(text) + (f"<small>{escape(below)}</small>" if below else "")


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], measured: Sequence[bool] | None = None
) -> str:
    """Return a table; cells of the rows are HTML, ``measured`` says which rows stand out."""
    lines = ["<table>", f"<thead><tr>{''.join(f'<th>{escape(each)}</th>' for each in head)}</tr>"]
    lines.append("</thead><tbody>")
    for i, row in enumerate(rows):
        kind = ' class="measured"' if measured and measured[i] else ""
        lines.append(f"<tr{kind}>{''.join(f'<td>{each}</td>' for each in row)}</tr>")
    return "\n".join([*lines, "</tbody></table>"])


def plot(figure: go.Figure, name: str) -> str:
    """Return a plot; ``name`` is its element's id, which no other on the page has."""
    html: str = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=name,
        # Plotly offers to send the data to a cloud unless it is told not to.
        config={"responsive": True, "displayModeBar": False, "showSendToCloud": False},
    )
    return html


def tall(*parts: str) -> str:
    """Return parts, HTML, that scroll in a window of their own where they are tall."""
    return f'<div class="tall">{"".join(parts)}</div>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return names with what there is to say of them, which is HTML."""
    items = "".join(f"<dt>{escape(name)}</dt><dd>{what}</dd>" for name, what in pairs)
    return f"<dl>{items}</dl>"


def details(summary: str, *parts: str) -> str:
    """Return parts, HTML, that open at a click."""
    return f"<details><summary>{escape(summary)}</summary>{''.join(parts)}</details>"
