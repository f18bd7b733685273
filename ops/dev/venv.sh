#!/usr/bin/env bash
# Make, mend or refresh the virtual environment from requirements.lock.
#
# Usage: ops/dev/venv.sh VENV [PYTHON]
#
# Looks for a Python that can do it; ops/dev/venv.py does it.
set -Eeuo pipefail

readonly ENOUGH='import sys; sys.exit(sys.version_info < (3, 11))'

die() {
  printf 'venv: %s\n' "$*" >&2
  exit 1
}

main() {
  local venv=$1 python=${2-} candidate
  local -a hold=()
  # A Ctrl-C that comes while the interpreter starts waits until venv.py can handle it.
  env --block-signal=INT true 2>/dev/null && hold=(env --block-signal=INT)
  if [[ -n $python ]]; then
    "$python" -c "$ENOUGH" 2>/dev/null ||
      die "'$python' is not Python 3.11 or newer; say which is: make PYTHON=/path/to/python3"
    exec ${hold[@]+"${hold[@]}"} "$python" -m ops.dev.venv --exactly-this-python "$venv"
  fi
  # A version manager's launcher is there for versions that are not: what counts is that it runs.
  for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$candidate" -c "$ENOUGH" 2>/dev/null; then
      exec ${hold[@]+"${hold[@]}"} "$candidate" -m ops.dev.venv "$venv"
    fi
  done
  die "there is no Python 3.11 or newer on PATH; install one, or run make PYTHON=/path/to/python3"
}

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
main "$@"
