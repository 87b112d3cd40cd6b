"""How Sphinx builds the documentation: Markdown pages, docstrings, and nothing fetched from a network."""

from __future__ import annotations

import tomllib
from pathlib import Path

import latex2mathml.converter
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

root = Path(__file__).resolve().parent.parent

project = "tinycohort"
author = "tinycohort authors"
copyright = "2026, tinycohort authors"  # noqa: A001 (Sphinx reads it under this name)
release = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # numpydoc's sections say the types, with units and shapes
numpydoc_show_class_members = False

html_theme = "furo"
html_title = "tinycohort"
html_show_sourcelink = False
html_copy_source = False


# Formulas are written as MathML, which browsers show by themselves, without LaTeX and without a script from elsewhere.
def write_inline_formula(writer: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    writer.body.append(latex2mathml.converter.convert(node.astext()))
    raise nodes.SkipNode


def write_displayed_formula(writer: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on lines of its own, with its number if it has one."""
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})</span>')
    writer.body.append(latex2mathml.converter.convert(node.astext(), display="block"))
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Tell Sphinx how formulas are written."""
    app.add_html_math_renderer("mathml", (write_inline_formula, None), (write_displayed_formula, None))


html_math_renderer = "mathml"
