"""Play the whole loop on this machine: ``python -m demo``."""

if __name__ == "__main__":
    # Before all other imports: a Ctrl-C while they load ends the command in silence.
    from localcloud.commandline.launch import launch

    launch("demo.__main__", "demo")


from typing import Annotated, Literal

import typer

Engine = Literal["mock", "pulumi"]


def main(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    engine: Annotated[
        Engine, typer.Option(help="mock: without the Pulumi CLI; pulumi: with the one on PATH.")
    ] = "mock",
) -> int:
    """Start a local cloud, deploy, and play the whole loop; ends with 0 only if all is right."""
    from demo.play import play  # noqa: PLC0415

    return play(as_json=as_json, engine=engine)
