#!/usr/bin/env bash
# sqlx 0.8.6 and 0.9.0 (crates.io), with tokio 1.54.1, Rust 1.95 and an installed PostgreSQL.
#
# A query waits for its answer on a connection that has gone silent (a failover or a firewall that forgot it: nothing arrives any more, nor
# is it closed). The caller gives up and drops the query's future. The pool then tests the connection with a ping before it takes it
# back, and waits for the answer without a limit, neither `acquire_timeout` nor another, holding one of its `max_connections`. A pool
# of one connection is lost with it: every `acquire` ends with PoolTimedOut, while a pool made anew for the same address works at once.
# An `after_release` that has a limit of its own and returns an error closes the connection in time and mends it.
#
# One would guess that a connection which does not answer is closed at the latest when `acquire_timeout` is over, and another opened.
set -euo pipefail

folder=$(mktemp -d)
trap '[ -z "${server:-}" ] || { kill -INT "$server"; wait "$server" || true; }; rm -rf "$folder"' EXIT
cd "$folder"

mkdir src
cat >Cargo.toml <<'END'
[package]
name = "seen"
version = "0.0.0"
edition = "2024"

[dependencies]
sqlx_08 = { package = "sqlx", version = "=0.8.6", default-features = false, features = ["postgres", "runtime-tokio"] }
sqlx_09 = { package = "sqlx", version = "=0.9.0", default-features = false, features = ["postgres", "runtime-tokio"] }
tokio = { version = "=1.54.1", features = ["io-util", "macros", "net", "rt", "sync", "time"] }
END
cat >src/main.rs <<'END'
use std::time::Duration;

use tokio::{io::copy_bidirectional, net::{TcpListener, TcpStream}, sync::watch, time::{sleep, timeout}};

/// A way to PostgreSQL; when told to, what is connected then goes silent, and stays connected. New connections are as good as ever.
async fn way(port: u16) -> (u16, watch::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own_port = listener.local_addr().unwrap().port();
    let (silence, _) = watch::channel(());
    let silenced = silence.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let mut silent = silenced.subscribe();
            tokio::spawn(async move {
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => {}
                    _ = silent.changed() => sleep(Duration::from_secs(3600)).await,
                }
            });
        }
    });
    (own_port, silence)
}

macro_rules! see {
    ($version:literal, $sqlx:ident, $port:expr) => {{
        use $sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

        let (port, silence) = way($port).await;
        let options = PgConnectOptions::new().host("127.0.0.1").port(port).username("seen").database("postgres");
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(2));
        let limited = pool.clone().after_release(|connection, _| Box::pin(async move {
            let ping = timeout(Duration::from_secs(1), $sqlx::Connection::ping(connection)).await;
            ping.map_err(|elapsed| $sqlx::Error::Io(std::io::Error::other(elapsed)))?.map(|()| true)
        }));
        let ask = async |pool: PgPool| match $sqlx::query("select 1").execute(&pool).await {
            Ok(_) => "answered".to_owned(),
            Err(error) => format!("{error:?}"),
        };

        for (name, pool) in [("as it is", pool.clone()), ("with a limit", limited)] {
            let pool = pool.connect_with(options.clone()).await.unwrap();
            let dropped = timeout(Duration::from_secs(1), async {
                let silence_soon = async {
                    sleep(Duration::from_millis(300)).await;
                    silence.send(())
                };
                tokio::join!($sqlx::query("select pg_sleep(5)").execute(&pool), silence_soon)
            });
            assert!(dropped.await.is_err());
            let answers = [ask(pool.clone()).await, ask(pool.clone()).await, ask(pool.clone()).await];
            println!("{}, {name}: {}", $version, answers.join(", "));
        }
        let fresh = pool.connect_with(options).await.unwrap();
        println!("{}, a pool made anew: {}", $version, ask(fresh).await);
    }};
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let port = std::env::args().nth(1).unwrap().parse().unwrap();
    see!("0.8.6", sqlx_08, port);
    see!("0.9.0", sqlx_09, port);
}
END
cargo build --quiet

postgres=$(command -v postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' | sort -V | tail -1)
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
cargo run --quiet -- "$port" >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
0.8.6, as it is: PoolTimedOut, PoolTimedOut, PoolTimedOut
0.8.6, with a limit: answered, answered, answered
0.8.6, a pool made anew: answered
0.9.0, as it is: PoolTimedOut, PoolTimedOut, PoolTimedOut
0.9.0, with a limit: answered, answered, answered
0.9.0, a pool made anew: answered
END
echo "as it was: sqlx 0.8.6 and 0.9.0 lose a pool's connection to silence"
