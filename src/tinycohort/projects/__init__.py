"""`init`: a project of one's own, with tables to fill, an example to copy from, a model and the way to a report."""

from __future__ import annotations

from .begin import Project, begin_project
from .example import EXAMPLE

__all__ = ["EXAMPLE", "Project", "begin_project"]
