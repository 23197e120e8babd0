#!/bin/sh
# Reads the examples that `npm test` cannot run for faults of syntax; nothing is asked of anybody.
set -e
cd "$(dirname "$0")"
for file in *.sh; do sh -n "$file"; done
if command -v python3 >/dev/null; then
  for file in *.py; do
    python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$file"
  done
else
  echo 'python3 is not here: the Python examples were not read' >&2
fi
