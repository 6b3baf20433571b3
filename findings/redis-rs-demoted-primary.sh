#!/usr/bin/env bash
# redis 1.8.1 (crates.io, its ConnectionManager), with tokio 1.54.1, Rust 1.95 and a Redis 7 in the path.
#
# A failover swaps primary and replica while both live; the address leads new connections to the new primary, as a managed cluster's
# primary endpoint does. A ConnectionManager stays on its connection to the old one, and each write is answered READONLY, however
# often it is tried and however long one waits. The error's retry method is to fetch the slots anew, but outside cluster mode there are
# none, and nothing reconnects. A second manager for the same address writes at once.
#
# One would guess that READONLY makes a ConnectionManager reconnect, as a broken connection does.
set -euo pipefail

folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

mkdir src
cat >Cargo.toml <<'END'
[package]
name = "seen"
version = "0.0.0"
edition = "2024"

[dependencies]
redis = { version = "=1.8.1", default-features = false, features = ["connection-manager", "tokio-comp"] }
tokio = { version = "=1.54.1", features = ["io-util", "macros", "net", "rt", "time"] }
END
cat >src/main.rs <<'END'
use std::{cell::Cell, rc::Rc, time::Duration};

use redis::{Client, RedisResult, Value, aio::ConnectionManager, cmd};
use tokio::{io::copy_bidirectional, net::{TcpListener, TcpStream}, task::{LocalSet, spawn_local}, time::sleep};

/// The address of the primary: new connections go to the port in the cell, those that are there stay where they are.
async fn endpoint(primary: Rc<Cell<u16>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    spawn_local(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(("127.0.0.1", primary.get())).await.unwrap();
            spawn_local(async move { copy_bidirectional(&mut client, &mut server).await });
        }
    });
    port
}

async fn write(manager: &mut ConnectionManager) -> String {
    let result: RedisResult<Value> = cmd("SET").arg("key").arg("value").query_async(manager).await;
    match result {
        Ok(_) => "written".to_owned(),
        Err(error) => format!("{}, {:?}", error.code().unwrap_or("?"), error.retry_method()),
    }
}

async fn tell(port: u16, command: &[&str]) {
    let mut server = Client::open(("127.0.0.1", port)).unwrap().get_multiplexed_async_connection().await.unwrap();
    let _: () = cmd(command[0]).arg(&command[1..]).query_async(&mut server).await.unwrap();
}

async fn run(first: u16, second: u16) {
    let primary = Rc::new(Cell::new(first));
    let client = Client::open(("127.0.0.1", endpoint(primary.clone()).await)).unwrap();
    let mut manager = client.get_connection_manager().await.unwrap();
    println!("before the failover: {}", write(&mut manager).await);

    tell(second, &["REPLICAOF", "NO", "ONE"]).await;
    tell(first, &["REPLICAOF", "127.0.0.1", &second.to_string()]).await;
    primary.set(second);
    for seconds in [0, 1, 5] {
        sleep(Duration::from_secs(seconds)).await;
        println!("after the failover: {}", write(&mut manager).await);
    }
    let mut fresh = client.get_connection_manager().await.unwrap();
    println!("another manager: {}", write(&mut fresh).await);
    println!("the first again: {}", write(&mut manager).await);
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let ports: Vec<u16> = std::env::args().skip(1).map(|port| port.parse().unwrap()).collect();
    LocalSet::new().run_until(run(ports[0], ports[1])).await;
}
END
cargo build --quiet

read -r first second < <(python3 - <<'END'
import socket

servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(server.getsockname()[1] for server in servers))
END
)
redis-server --port "$first" --bind 127.0.0.1 --save '' --dir "$folder" >/dev/null &
redis-server --port "$second" --bind 127.0.0.1 --save '' --dir "$folder" --replicaof "127.0.0.1 $first" >/dev/null &
for _ in {1..100}; do
    redis-cli -p "$second" info replication 2>/dev/null | grep -q master_link_status:up && break
    sleep 0.1
done
cargo run --quiet -- "$first" "$second" >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
before the failover: written
after the failover: READONLY, RefreshSlotsAndRetry
after the failover: READONLY, RefreshSlotsAndRetry
after the failover: READONLY, RefreshSlotsAndRetry
another manager: written
the first again: READONLY, RefreshSlotsAndRetry
END
echo "as it was: redis 1.8.1's ConnectionManager stays on a primary that became a replica"
