#!/usr/bin/env bash
# PostgreSQL 15 (an installed one, with the settings that initdb writes), what a transaction in one database does to readers of another.
#
# A feed of changes whose rows have their transaction's number reads only those below `pg_snapshot_xmin(pg_current_snapshot())`, so that
# what commits late is not overlooked. While a session of another database has a transaction open that has a number, because it wrote a
# row of a table there, that limit stands still here as well: what is committed here meanwhile can be read, and is in no page of the feed
# until the other transaction ends. A transaction that has only read there has no number, and keeps nothing back.
#
# One would guess that a snapshot knows the transactions of its own database only: no other's rows can ever be seen in it, and for
# vacuuming the tables of a database PostgreSQL does leave other databases out.
set -euo pipefail

folder=$(mktemp -d)
trap '[ -z "${server:-}" ] || { kill -INT "$server"; wait "$server" || true; }; rm -rf "$folder"' EXIT
cd "$folder"

postgres=$(compgen -G '/usr/lib/postgresql/15/bin/postgres' || command -v postgres) || { echo "needs PostgreSQL 15" >&2; exit 1; }
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
session=("$programs/psql" --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1
    --host 127.0.0.1 --port "$port" --username seen)
sql() {
    "${session[@]}" --dbname "$1" --command "$2"
}

sql postgres "create database shop"
sql postgres "create database elsewhere"
sql shop "create table change (number int, transaction xid8 default pg_current_xact_id())"
sql elsewhere "create table note (text text)"

see() {
    # The session answers when its transaction is open, and stays in it until it is told to end.
    coproc other { "${session[@]}" --dbname elsewhere 2>&1; }
    echo "begin; $2; select 'open';" >&"${other[1]}"
    while read -r line <&"${other[0]}" && [ "$line" != open ]; do :; done
    sql shop "insert into change (number) select count(*) + 1 from change"
    feed="count(*) filter (where transaction < pg_snapshot_xmin(pg_current_snapshot()))"
    sql shop "select '$1: of ' || count(*) || ' rows that can be read the feed has ' || $feed from change"
    echo "commit; select 'closed';" >&"${other[1]}"
    while read -r line <&"${other[0]}" && [ "$line" != closed ]; do :; done
    sql shop "select 'and afterwards: ' || $feed from change"
    eval "exec ${other[1]}>&-"
    wait "$other_PID"
}
{
    see "another database is read" "select count(*) from note"
    see "another database is written" "insert into note values ('here')"
} >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
another database is read: of 1 rows that can be read the feed has 1
and afterwards: 1
another database is written: of 2 rows that can be read the feed has 1
and afterwards: 2
END
echo "as it was: in PostgreSQL 15 a transaction that writes in another database keeps back what a snapshot's xmin limits in this one"
