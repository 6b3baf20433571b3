#!/usr/bin/env bash
# psycopg 3.3.9 (PyPI, psycopg-binary), beside psycopg2-binary 2.9.13, with Python 3.11 and an installed PostgreSQL.
#
# JSON's `[1, 2.5]` is a list of an int and a float in Python. As the parameter of an array, psycopg 3 refuses it: "cannot dump lists of
# mixed types", whatever the query casts it to. An int beside a Decimal is refused as well, while ints of different sizes, for which
# PostgreSQL has different types too, become an array of the wider one. psycopg2 takes all of them. So it depends on the data whether
# a program fails: `[1, 2]` and `[1.0, 2.5]` pass. Where all of JSON's numbers are read as Decimals, any list of them passes.
#
# One would guess that numbers may be given as an array if PostgreSQL has an array for them, above all where a cast names its type.
set -euo pipefail

folder=$(mktemp -d)
trap '[ -z "${server:-}" ] || { kill -INT "$server"; wait "$server" || true; }; rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check psycopg==3.3.9 psycopg-binary==3.3.9 psycopg2-binary==2.9.13
cat >seen.py <<'END'
import json
import sys
from decimal import Decimal

import psycopg
import psycopg2

where = {"host": "127.0.0.1", "port": sys.argv[1], "user": "seen", "dbname": "postgres"}


def seen(driver, numbers):
    with driver.connect(**where) as connection, connection.cursor() as cursor:
        try:
            cursor.execute("select %s::numeric[]::text", [numbers])
        except driver.Error as error:
            return f"{type(error).__name__}: {error}"
        return cursor.fetchone()[0]


for text in "[1, 2]", "[1.0, 2.5]", "[1, 2.5]", "[1, 1099511627776]", "[1, null, 2.5]":
    numbers = json.loads(text)
    print(text, f"psycopg2: {seen(psycopg2, numbers)}", f"psycopg: {seen(psycopg, numbers)}", sep="\n  ")
    numbers = json.loads(text, parse_int=Decimal, parse_float=Decimal)
    print(f"  psycopg, of Decimals: {seen(psycopg, numbers)}")
mixed = json.loads("[1, 2.5]", parse_float=Decimal)
print("an int, a Decimal", f"psycopg2: {seen(psycopg2, mixed)}", f"psycopg: {seen(psycopg, mixed)}", sep="\n  ")
END

postgres=$(command -v postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' | sort -V | tail -1)
[ -n "$postgres" ] || { echo "needs an installed PostgreSQL" >&2; exit 1; }
programs=$(dirname "$(readlink -f "$postgres")")
# PostgreSQL does not run as root; its packages come with a user.
as_user=()
if [ "$(id -u)" = 0 ]; then
    as_user=(setpriv --reuid postgres --regid postgres --init-groups)
    chmod 755 "$folder"
    install -d -o postgres "$folder/data"
fi
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
"${as_user[@]}" "$programs/initdb" --pgdata "$folder/data" --username seen --auth trust --no-sync >/dev/null
"${as_user[@]}" "$programs/postgres" -D "$folder/data" -p "$port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= >postgres.log 2>&1 &
server=$!
for _ in {1..100}; do
    "$programs/pg_isready" --quiet --host 127.0.0.1 --port "$port" && break
    sleep 0.1
done
venv/bin/python seen.py "$port" >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
[1, 2]
  psycopg2: {1,2}
  psycopg: {1,2}
  psycopg, of Decimals: {1,2}
[1.0, 2.5]
  psycopg2: {1.0,2.5}
  psycopg: {1,2.5}
  psycopg, of Decimals: {1.0,2.5}
[1, 2.5]
  psycopg2: {1,2.5}
  psycopg: DataError: cannot dump lists of mixed types; got: float, int
  psycopg, of Decimals: {1,2.5}
[1, 1099511627776]
  psycopg2: {1,1099511627776}
  psycopg: {1,1099511627776}
  psycopg, of Decimals: {1,1099511627776}
[1, null, 2.5]
  psycopg2: {1,NULL,2.5}
  psycopg: DataError: cannot dump lists of mixed types; got: float, int
  psycopg, of Decimals: {1,NULL,2.5}
an int, a Decimal
  psycopg2: {1,2.5}
  psycopg: DataError: cannot dump lists of mixed types; got: Decimal, int
END
echo "as it was: psycopg 3.3.9 refuses a list of an int and a float"
