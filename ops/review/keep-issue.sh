#!/usr/bin/env bash
# Keep one open issue with a label: open it, bring it up to date, or close it.
#
# Usage: ops/review/keep-issue.sh OWNER/REPOSITORY LABEL TITLE FILE     (needs gh and GH_TOKEN)
#
# FILE is the text; an empty one means that everything was looked at and is as it should be.
set -Eeuo pipefail

repository=$1 label=$2 title=$3 file=$4
if [[ ! -f $file ]]; then
  printf 'keep-issue: %s is not there, so nothing was looked at\n' "$file" >&2
  exit 1
fi
found=$(gh api --method GET "repos/$repository/issues" -f "labels=$label" -f state=open \
  --jq '.[] | select(.user.login == "github-actions[bot]") | .number')
number=${found%%$'\n'*}
if [[ ! -s $file ]]; then
  [[ -z $number ]] ||
    gh api --method PATCH "repos/$repository/issues/$number" -f state=closed --jq .html_url
elif [[ -n $number ]]; then
  gh api --method PATCH "repos/$repository/issues/$number" -F "body=@$file" --jq .html_url
else
  gh api --method POST "repos/$repository/issues" -f "title=$title" -f "labels[]=$label" \
    -F "body=@$file" --jq .html_url
fi
