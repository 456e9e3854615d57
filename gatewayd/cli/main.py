"""The command `gatewayd`: its group, and the commands that need no running daemon.

What a command needs beyond click is imported inside it, so that `--help` and completion are quick.
"""

import os

import click

from gatewayd import __version__
from gatewayd.cli import consents, events, links, messages, optouts, route, state, tags, templates
from gatewayd.cli.talk import CONFIGURATION, examples

_CONFIG = click.option(
    "--config", "path", metavar="FILE", required=True, type=click.Path(), help="configuration file"
)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        "gatewayd run --config gatewayd.yml",
        "gatewayd send --to 13800138000 --class notice --text 'It is on its way' --wait",
        "gatewayd events --follow",
    ),
)
@click.version_option(__version__, prog_name="gatewayd")
def cli() -> None:
    """SMPP gateway daemon, and the commands to talk to it.

    Exit codes: 0 done, 1 failed, 2 usage, 3 partly done, 69 daemon unreachable, 75 try again,
    77 not permitted, 78 configuration.
    """


@cli.command(epilog=examples("gatewayd run --config /etc/gatewayd/gatewayd.yml"))
@_CONFIG
def run(path: str) -> None:
    """Be the daemon, in the foreground.

    SIGTERM and SIGINT drain and stop it, a second one stops it at once.
    """
    from gatewayd import app  # noqa: PLC0415  see above

    raise SystemExit(app.main(path))


@cli.command(epilog=examples("gatewayd check --config gatewayd.yml"))
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="one JSON object: errors, warnings")
def check(path: str, *, as_json: bool) -> None:
    """Tell all that is wrong with a configuration file, and run its routing tests.

    Errors go to standard output, warnings to standard error; exit 78 if there are errors.
    """
    from gatewayd.config import load_config, missing_secrets  # noqa: PLC0415  see above
    from gatewayd.errors import ConfigError, Problem  # noqa: PLC0415
    from gatewayd.snapshot import Snapshot, routing_tests  # noqa: PLC0415

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    try:
        config = load_config(path)
        warnings = (*config.warnings, *missing_secrets(config, os.environ))
        errors = tuple(routing_tests(config, Snapshot.build(config)))
    except ConfigError as error:
        errors = error.problems
    if as_json:
        import msgspec  # noqa: PLC0415  see above

        found = {"errors": [e._asdict() for e in errors], "warnings": [w._asdict() for w in warnings]}
        click.echo(msgspec.json.encode(found))
    else:
        for warning in warnings:
            click.echo(warning._replace(message=f"warning: {warning.message}"), err=True)
        for problem in errors:
            click.echo(problem)
    if errors:
        raise SystemExit(CONFIGURATION)


@cli.command(epilog=examples("gatewayd schema > gatewayd.schema.json"))
def schema() -> None:
    """Print the JSON Schema of the configuration."""
    import json  # noqa: PLC0415  see above

    from gatewayd.config import Config  # noqa: PLC0415

    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    whole = dialect | Config.model_json_schema() | {"title": "Configuration of gatewayd"}
    click.echo(json.dumps(whole, indent=2, ensure_ascii=False))


for family in (messages, events, optouts, consents, templates, tags, links, route, state):
    for command in family.COMMANDS:
        cli.add_command(command)
