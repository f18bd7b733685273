#!/usr/bin/env bash
# Refuse to go on unless somebody must approve each run that uses an environment.
#
# Usage: ops/review/check-approval.sh OWNER/REPOSITORY ENVIRONMENT...     (needs gh and GH_TOKEN)
#
# A workflow cannot protect an environment: that is a setting of the repository, and an environment
# that is not there is made by GitHub, without any protection, by the first job that names it.
set -Eeuo pipefail

repository=$1
shift
rules='[.protection_rules[]? | select(.type == "required_reviewers") | .reviewers | length] | add // 0'
for environment in "$@"; do
  reviewers=$(gh api "repos/$repository/environments/$environment" --jq "$rules") || reviewers=0
  if ! [[ $reviewers =~ ^[1-9][0-9]*$ ]]; then
    printf 'check-approval: environment %s has no required reviewers; add them in the settings of %s\n' \
      "$environment" "$repository" >&2
    exit 1
  fi
done
