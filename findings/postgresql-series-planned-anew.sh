#!/usr/bin/env bash
# PostgreSQL 15 (an installed one, with the settings that initdb writes), its plans of prepared statements.
#
# A prepared statement joins the keys of an array, each with its position in it, to a table by its primary key. The positions come
# from `generate_series(1, cardinality($1))`, from a second array, or from `with ordinality`. With its values known, each is planned for
# as many rows as there are keys. Without, `unnest` is expected to give 10 rows, and `generate_series` 1000, whatever the array. So the
# first one's plan for all values looks dearer than those for 20 or 100 keys, and it is planned anew at every execution; the other two
# are planned for their values five times, and then once for all. (With three keys all are planned anew: 10 rows look dearer as well.)
#
# One would guess that the three are the same to the planner, and that a series up to an array's length is taken to be as long as that.
set -euo pipefail

folder=$(mktemp -d)
trap '[ -z "${server:-}" ] || { kill -INT "$server"; wait "$server" || true; }; rm -rf "$folder"' EXIT
cd "$folder"

cat >table.sql <<'END'
create table item (key text primary key, value int not null);
insert into item select 'key ' || number, number from generate_series(1, 100000) number;
vacuum analyze item;

-- How many rows the plan of an `execute` expects, in a mode of `plan_cache_mode`.
create function expected(statement text, mode text) returns text language plpgsql as $$
declare
    plan json;
begin
    perform set_config('plan_cache_mode', mode, true);
    execute 'explain (format json) ' || statement into plan;
    return plan -> 0 -> 'Plan' ->> 'Plan Rows';
end
$$;
END
cat >seen.sql <<'END'
prepare series(text[], int[]) as select value, position
    from (select unnest($1) as key, generate_series(1, cardinality($1)) as position) given join item using (key);
prepare second_array(text[], int[]) as select value, position
    from (select unnest($1) as key, unnest($2) as position) given join item using (key);
prepare ordinality(text[], int[]) as select value, position
    from unnest($1) with ordinality given (key, position) join item using (key);
create temp table call as
    select name, format('execute %s(%L, %L)', name, array_agg('key ' || number), array_agg(number)) as statement
    from pg_prepared_statements, generate_series(1, :count) number group by name;

\o /dev/null
select statement from call, generate_series(1, 50) \gexec
\o
-- Counted before `expected` has more plans made.
create temp table counted as
    select name, custom_plans, generic_plans + custom_plans as executions from pg_prepared_statements;
select format('%s keys, %s: planned anew for %s of %s executions; %s rows expected, %s whatever the values',
    :count, name, custom_plans, executions, expected(statement, 'force_custom_plan'),
    expected(statement, 'force_generic_plan'))
from call join counted using (name) order by name desc;
END

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
psql=("$programs/psql" --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1
    --host 127.0.0.1 --port "$port" --username seen --dbname postgres)
"${psql[@]}" --file table.sql
for count in 3 20 100; do
    "${psql[@]}" --set count="$count" --file seen.sql
done >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
3 keys, series: planned anew for 50 of 50 executions; 3 rows expected, 1000 whatever the values
3 keys, second_array: planned anew for 50 of 50 executions; 3 rows expected, 10 whatever the values
3 keys, ordinality: planned anew for 50 of 50 executions; 3 rows expected, 10 whatever the values
20 keys, series: planned anew for 50 of 50 executions; 20 rows expected, 1000 whatever the values
20 keys, second_array: planned anew for 5 of 50 executions; 20 rows expected, 10 whatever the values
20 keys, ordinality: planned anew for 5 of 50 executions; 20 rows expected, 10 whatever the values
100 keys, series: planned anew for 50 of 50 executions; 100 rows expected, 1000 whatever the values
100 keys, second_array: planned anew for 5 of 50 executions; 100 rows expected, 10 whatever the values
100 keys, ordinality: planned anew for 5 of 50 executions; 100 rows expected, 10 whatever the values
END
echo "as it was: PostgreSQL 15 takes a series up to an array's length for 1000 rows, and plans it at every execution"
