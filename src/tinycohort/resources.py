"""Where the evidence and the models that come with the package are, however it was installed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

__all__ = ["bundled"]


def bundled(kind: Literal["data", "models"]) -> Path:
    """Find the folder of bundled evidence or of bundled models.

    An installed wheel carries both folders inside the package. An editable install, or a checkout on the path, uses
    those at the top of the repository, so that what one edits is what one fits.

    Parameters
    ----------
    kind : {"data", "models"}
        Which of the two folders.

    Returns
    -------
    pathlib.Path
        The absolute path of an existing folder.

    Raises
    ------
    ValueError
        If `kind` is neither of the two.
    FileNotFoundError
        If the installation lacks the folder.

    Examples
    --------
    >>> bundled("models").name
    'models'
    """
    if kind not in ("data", "models"):
        raise ValueError(f"bundled: no kind of bundled files is called {kind!r}. Ask for 'data' or for 'models'.")
    package = Path(__file__).resolve().parent
    inside = package / "_bundled" / kind
    beside = package.parent.parent / kind
    if inside.is_dir():
        return inside
    # Any folder called `data` may lie two levels above an installed package; ours lies in a repository.
    if beside.is_dir() and (package.parent.parent / "pyproject.toml").is_file():
        return beside
    raise FileNotFoundError(
        f"The bundled {kind} are missing: there is no folder {str(inside)!r}, as an installed tinycohort has, and no "
        f"{str(beside)!r}, as a checkout has. Install tinycohort again, or give a path of your own."
    )
