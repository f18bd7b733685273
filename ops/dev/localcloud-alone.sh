#!/usr/bin/env bash
# Run the local cloud's own tests in a copy that holds nothing else of the project.
#
# Usage: ops/dev/localcloud-alone.sh VENV [pytest's options...]
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

venv=$(cd "$1" && pwd)
shift
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z localcloud | xargs -0 cp --parents -t "$copy"

# Without its .pth files, which lead to this checkout, the environment has libraries only.
libraries=$(echo "$venv"/lib/python*/site-packages)
python=$("$venv/bin/python" -c 'import sys; print(sys._base_executable)')
cd "$copy/localcloud"
unset PYTHONDONTWRITEBYTECODE
PYTHONPATH=$PWD/src:$libraries "$python" -P -m pytest -p no:cacheprovider -n "${WORKERS:-4}" \
  --dist worksteal "$@"
