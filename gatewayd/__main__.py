"""`gatewayd` and `python -m gatewayd`."""

from gatewayd.cli.main import cli


def main() -> None:
    """Entry point of the console script."""
    cli()


if __name__ == "__main__":
    main()
