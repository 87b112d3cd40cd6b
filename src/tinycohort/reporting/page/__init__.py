"""The pages of the report: facts and sentences in, HTML out. One file a page, which needs no network."""

from __future__ import annotations

from .index import index_page
from .model import model_page

__all__ = ["index_page", "model_page"]
