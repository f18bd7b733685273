"""The command ``localcloud``, also as ``python -m localcloud``."""

from localcloud.commandline.launch import launch


def main() -> None:
    """Run the command of this process."""
    launch("localcloud.cli", "localcloud")


if __name__ == "__main__":
    main()
