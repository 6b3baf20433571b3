#!/usr/bin/env bash
# PostgreSQL 15 (an installed one, with the settings that initdb writes, but without full page writes), what it writes to its WAL.
#
# 1000 rows that are there get new values: once by `update … from unnest(…)`, once by `insert … on conflict … do update`. Both write as
# many records HOT_UPDATE, of the same size. The second writes a record LOCK for each row besides: it locks the row it met before it
# evaluates `set` and `where`, and a row's lock is kept in the row, so that the WAL has to have it. An `update` marks the old
# version only once, when it writes the new one. With rows as short as these, that is twice the records and 75 % more bytes.
#
# One would guess that `do update` writes what an `update` of the same rows to the same values writes.
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
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c full_page_writes=off -c autovacuum=off >postgres.log 2>&1 &
server=$!
for _ in {1..100}; do
    "$programs/pg_isready" --quiet --host 127.0.0.1 --port "$port" && break
    sleep 0.1
done
sql() {
    "$programs/psql" --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 \
        --host 127.0.0.1 --port "$port" --username seen --dbname postgres --command "$1"
}

given="unnest(array(select generate_series(1, 1000)), array(select generate_series(1001, 2000)))"

see() {
    # Room in each page for as many new versions as there are rows.
    sql "create table $1 (key int primary key, value int not null) with (fillfactor = 30)"
    sql "insert into $1 select number, 0 from generate_series(1, 1000) number"
    start=$(sql "select pg_current_wal_insert_lsn()")
    sql "$2"
    end=$(sql "select pg_current_wal_insert_lsn()")
    # A line for each record: "rmgr: Heap  len (rec/tot): 54/ 54, tx: …, desc: LOCK off 1: …". Those of the table and its index count.
    "$programs/pg_waldump" --path "$folder/data/pg_wal" --start "$start" --end "$end" >records.txt
    awk -v name="$1" '$2 ~ /^(Heap2?|Btree)$/ {
        match($0, /\/ *[0-9]+, tx:/); size = substr($0, RSTART + 1)
        match($0, /desc: [A-Z_+]+/); kind = substr($0, RSTART + 6, RLENGTH - 6)
        count[kind]++; bytes[kind] += size
    } END { for (kind in count) print name ": " count[kind] " " kind ", " bytes[kind] " bytes" }' records.txt | sort
    sql "select '$1: ' || count(*) || ' rows with their new value' from $1 where value = key + 1000"
}
{
    see updated "update updated set value = new from $given given (key, new) where updated.key = given.key"
    see upserted "insert into upserted select * from $given on conflict (key) do update set value = excluded.value"
} >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
updated: 1000 HOT_UPDATE, 71996 bytes
updated: 1000 rows with their new value
upserted: 1000 HOT_UPDATE, 71996 bytes
upserted: 1000 LOCK, 54000 bytes
upserted: 1000 rows with their new value
END
echo "as it was: PostgreSQL 15 writes another WAL record for each row that \`on conflict … do update\` changes"
