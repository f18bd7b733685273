#!/usr/bin/env bash
# Run the tests on every supported Python of this machine, each in an environment of its own.
#
# Usage: ops/dev/test-pythons.sh [pytest's options...]
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly VERSIONS=(3.11 3.12 3.13 3.14)

# A version manager keeps them off PATH, or puts launchers there for versions that it has not.
find_python() { # VERSION
  local candidate
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
    if "$candidate" -c 'import sys' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
}

main() {
  local version python results=() failed=0
  for version in "${VERSIONS[@]}"; do
    python=$(find_python "$version")
    if [[ -z $python ]]; then
      results+=("$version  not on this machine")
    elif make --no-print-directory test VENV=".venv-$version" PYTHON="$python" ARGS="$*"; then
      results+=("$version  passed")
    else
      results+=("$version  failed")
      failed=1
    fi
  done
  printf '%s\n' "${results[@]}"
  [[ ${results[*]} == *passed* ]] || failed=1
  return "$failed"
}

main "$@"
