#!/bin/sh
# Makes the virtual environment $1 with the first Python that is new enough, unless a working one is there.
set -eu
venv=$1
new_enough='import sys; sys.exit(sys.version_info < (3, 12))'

if "$venv/bin/python" -c "$new_enough" 2>/dev/null && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi
for python in python3 python3.14 python3.13 python3.12; do
    if "$python" -c "$new_enough" 2>/dev/null; then
        echo "Making the virtual environment $venv with $("$python" --version) …"
        rm -rf "$venv"
        if "$python" -m venv "$venv"; then
            exit 0
        fi
        rm -rf "$venv"
        echo "Python's venv module is incomplete here. On Debian and Ubuntu: apt install python3-venv" >&2
        exit 1
    fi
done
echo "Parley needs Python 3.12 or newer; python3 here is $(python3 --version 2>&1 || echo missing)." >&2
exit 1
