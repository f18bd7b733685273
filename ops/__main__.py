"""The command line of those who run the project: ``python -m ops``."""

if __name__ == "__main__":
    # Before all other imports: a Ctrl-C while they load ends the command in silence.
    from localcloud.commandline.launch import launch

    launch("ops.cli", "ops")
