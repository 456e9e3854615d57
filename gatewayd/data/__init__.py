"""Facts that the gateway ships as CSV files, each with its sources at its head."""

from importlib.resources import files


def lines(name: str) -> list[str]:
    """The lines of one of the files."""
    return files(__name__).joinpath(name).read_text("utf-8").splitlines()
