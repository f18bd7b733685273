#!/usr/bin/env bash
# Keep one open issue about drift: open it, bring it up to date, or close it when there is none.
#
# Usage: ops/review/report-drift.sh OWNER/REPOSITORY FILE     (needs gh and GH_TOKEN)
#
# An empty file means that every stack was compared and nothing has drifted.
set -Eeuo pipefail

repository=$1 file=$2
if [[ ! -f $file ]]; then
  printf 'report-drift: %s is not there, so nothing was compared\n' "$file" >&2
  exit 1
fi
title='The cloud differs from what is committed'
found=$(gh api --method GET "repos/$repository/issues" -f labels=drift -f state=open \
  --jq '.[] | select(.user.login == "github-actions[bot]") | .number')
number=${found%%$'\n'*}
if [[ ! -s $file ]]; then
  [[ -z $number ]] ||
    gh api --method PATCH "repos/$repository/issues/$number" -f state=closed --jq .html_url
elif [[ -n $number ]]; then
  gh api --method PATCH "repos/$repository/issues/$number" -F "body=@$file" --jq .html_url
else
  gh api --method POST "repos/$repository/issues" -f "title=$title" -f 'labels[]=drift' \
    -F "body=@$file" --jq .html_url
fi
