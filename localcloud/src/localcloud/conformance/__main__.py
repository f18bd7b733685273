"""``python -m localcloud.conformance``: the same as ``localcloud conformance``."""

from localcloud.commandline.launch import launch

if __name__ == "__main__":
    launch("localcloud.conformance.command", "python -m localcloud.conformance")
