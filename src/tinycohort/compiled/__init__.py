"""The one room where evidence and model meet."""

from __future__ import annotations

from .assemble import compile_model, select
from .model import CompiledModel, Row, label_issues

__all__ = ["CompiledModel", "Row", "compile_model", "label_issues", "select"]
