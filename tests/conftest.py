"""No test sees what the shell has exported, whatever of it is meant for real accounts."""

import os

from localcloud.commandline.environment import clean

_OWN = ("PYTEST_", "HYPOTHESIS_")
_kept = clean(os.environ)

for _name in set(os.environ) - _kept.keys():
    if not _name.startswith(_OWN):
        del os.environ[_name]
