# Finds a Python that can run the product and hands the command over to install.py. Called by the scripts in bin/.
set -u
unset CDPATH
here=$(cd "$(dirname "$0")" && pwd -P) || exit 1
root=$(cd "$here/../.." && pwd -P) || exit 1
command=$1
shift

recent_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
makes_environments() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# What is installed already answers first: it is the quickest, and needs nothing to make environments with.
if [ -x "$root/.venv/bin/python" ] && recent_enough "$root/.venv/bin/python"; then
    exec "$root/.venv/bin/python" "$here/install.py" "$command" "$@"
fi

unable=
for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3; do
    recent_enough "$candidate" || continue
    if makes_environments "$candidate"; then
        exec "$candidate" "$here/install.py" "$command" "$@"
    fi
    unable=$candidate
done

if [ -n "$unable" ]; then
    echo "bin/$command: $unable cannot make virtual environments here; nothing was changed. On Debian or Ubuntu run \"apt-get install python3-venv\" as root, then start again." >&2
else
    found=$(python3 --version 2>/dev/null) || found="no python3 at all"
    echo "bin/$command needs Python 3.11 or newer and found ${found:-no python3 at all}; nothing was changed. Install Python 3.11 (or set PYTHON to its path), then start again." >&2
fi
exit 1
