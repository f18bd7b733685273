#!/usr/bin/env bash
# Make or refresh a virtual environment from requirements.lock.
#
# Usage: scripts/dev/venv.sh PYTHON VENV
#
# uv installs the locked set in seconds where pip takes minutes; it is taken from PATH, or put
# into the environment itself with pip when it is not there.
set -Eeuo pipefail

die() {
  printf 'venv: %s\n' "$*" >&2
  exit 1
}

main() {
  local python=$1 venv=$2 uv
  command -v "$python" >/dev/null ||
    die "'$python' is not on PATH; install Python 3.11 or newer, or run make PYTHON=/path/to/python3"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "'$python' is $("$python" -V 2>&1); Python 3.11 or newer is needed, run make PYTHON=/path/to/python3"

  printf 'venv: installing the locked packages into %s\n' "$venv" >&2
  if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    "$python" -m venv --clear "$venv" ||
      die "could not make $venv; on Debian and Ubuntu: apt-get install python3-venv"
  fi
  uv=$(command -v uv) || uv="$venv/bin/uv"
  [[ -x $uv ]] || "$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
  "$uv" pip sync --quiet --python "$venv/bin/python" --require-hashes requirements.lock
  "$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
  # The policy pack is complete by itself and looks for an environment in its own folder.
  [[ -d policies/.venv && ! -L policies/.venv ]] || ln -sfn "../$venv" policies/.venv
}

main "$@"
