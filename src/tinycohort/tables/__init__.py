"""Tables in, records out: CSV files or tables in memory, and the data package that describes them."""

from __future__ import annotations

from .descriptor import datapackage
from .dictionary import data_dictionary
from .files import LARGEST_FILE, Tables, digest, read_folder, read_mapping, write_folder
from .seal import DESCRIPTOR, check_seal, seal, sealed

__all__ = [
    "DESCRIPTOR",
    "LARGEST_FILE",
    "Tables",
    "check_seal",
    "data_dictionary",
    "datapackage",
    "digest",
    "read_folder",
    "read_mapping",
    "seal",
    "sealed",
    "write_folder",
]
