"""How the page looks: type, rules and space, on a telephone, a screen and paper."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; background: #fff; color: #1c2733;
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: break-word; }
h1, h2, h3 { line-height: 1.25; font-weight: 600; color: #16324f; }
h1 { font-size: 1.7rem; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1.02rem; margin: 2rem 0 .4rem; }
p, ul, dl { margin: .4rem 0 .8rem; max-width: 46rem; }
a { color: #1d5a94; }
.card { border-left: 3px solid #16324f; padding: .1rem 0 .1rem 1rem; margin: 1.6rem 0; }
.card h2 { font-size: 1rem; font-weight: 400; color: #51606f; margin: 0; }
.answer { font-size: 1.15rem; line-height: 1.45; margin: .3rem 0 .5rem; }
.warning { border: 1px solid #b3261e; padding: .6rem 1rem; margin: 1rem 0; }
nav ul { list-style: none; padding: 0; }
nav li { margin: .15rem 0; }
main > section { border-top: 1px solid #d7dde3; margin-top: 3rem; }
footer { border-top: 1px solid #d7dde3; margin-top: 3rem; }
figure { margin: 1rem 0; }
figcaption, caption { color: #51606f; font-size: .88rem; text-align: left; }
figcaption { max-width: 46rem; margin-top: .4rem; }
.scroll { overflow-x: auto; margin: .8rem 0 1.2rem; }
.scroll:focus-visible { outline: 2px solid #1d5a94; outline-offset: 2px; }
.scroll svg { display: block; height: auto; width: 100%; }
svg * { stroke-linejoin: round; stroke-linecap: butt; }
.wide svg { min-width: 34rem; max-width: 44rem; }
.small svg { max-width: 23rem; }
table { border-collapse: collapse; font-size: .88rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
caption { padding-bottom: .35rem; }
/* The words stay in sight while a wide table is moved sideways under them. */
caption span { display: block; position: sticky; left: 0; width: fit-content;
  max-width: min(46rem, calc(100vw - 2rem)); }
th, td { padding: .3rem .9rem .3rem 0; vertical-align: top; border-bottom: 1px solid #e6eaee; font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom: 1px solid #51606f; color: #51606f; vertical-align: bottom; }
.text { text-align: left; }
.number { text-align: right; white-space: nowrap; }
td.text, tbody th { min-width: 7rem; max-width: 24rem; }
td.text { min-width: 10rem; }
.printed { color: #51606f; }
.doubt { margin-top: .3rem; }
.code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .93em; }
dd.code { overflow-wrap: anywhere; }
dt { color: #51606f; font-size: .88rem; }
dd { margin: 0 0 .5rem; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  a { color: inherit; text-decoration: none; }
  .scroll { overflow: visible; }
  .wide svg { min-width: 0; }
  table, caption { font-size: 8pt; }
  figcaption { font-size: 9pt; }
  main > section { break-before: page; border-top: 0; margin-top: 0; }
  td.text, tbody th { min-width: 0; }
  caption span { max-width: none; }
  thead { display: table-header-group; break-after: avoid; }
  tr, figure, .card { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
}
"""
