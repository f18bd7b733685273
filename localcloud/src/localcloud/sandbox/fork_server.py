"""A process from which others are forked, with their modules already imported.

Starting Python and importing takes many times as long as a fork. This process holds one connection
to the cloud, so what it forks inherits nothing else; it exits with the cloud.

Standard library only: the forked processes run without site packages.
"""

import contextlib
import gc
import json
import os
import signal
import socket
import sys
from importlib import import_module

MESSAGE_LIMIT_BYTES = 64 * 1024


def main() -> None:
    """Import what the command line names, and fork on request until the cloud is gone."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    requests.set_inheritable(False)
    run = import_module(sys.argv[2]).main
    for name in sys.argv[3].split():
        with contextlib.suppress(ImportError):
            import_module(name)
    gc.collect()
    gc.freeze()  # pages that no collection touches stay shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # their exit status is not needed
    while True:
        message, files, _, _ = socket.recv_fds(requests, MESSAGE_LIMIT_BYTES, 2)
        if not message:
            return
        child = os.fork()
        if not child:
            break
        for file in files:
            os.close(file)
        requests.send(str(child).encode())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    requests.close()
    connection, output = files
    os.set_inheritable(connection, False)
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    gc.unfreeze()
    run(connection, json.loads(message))
