"""Tables in, records out: CSV files or tables in memory, and the data package that describes them."""

from __future__ import annotations

from .descriptor import datapackage, datapackage_text
from .files import LARGEST_FILE, Tables, digest, read_folder, read_mapping, write_folder

__all__ = [
    "LARGEST_FILE",
    "Tables",
    "datapackage",
    "datapackage_text",
    "digest",
    "read_folder",
    "read_mapping",
    "write_folder",
]
