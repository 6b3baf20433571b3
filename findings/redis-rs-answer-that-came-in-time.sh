#!/usr/bin/env bash
# redis 1.8.1 (crates.io, a multiplexed connection and a ConnectionManager), with tokio 1.54.1, Rust 1.95 and a Redis 7 in the path.
#
# A process waits for an answer, with a response timeout of one second, and is stopped after a tenth of a second: as a paused virtual
# machine or a cgroup's freezer stops it. Redis answers after three tenths, and the answer lies in the socket. After two seconds the
# process goes on, and the call fails: timed out. The connection is fine, and the next call is answered. It is so with one thread and
# with several: the timer and the socket are seen together, and the call's task asks the timer before the connection's task has read.
#
# One would guess that a response timeout tells of an answer that did not come within the time.
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
tokio = { version = "=1.54.1", features = ["rt-multi-thread", "time"] }
END
cat >src/main.rs <<'END'
use std::{io::Write, time::Duration};

use redis::{AsyncConnectionConfig, Client, RedisResult, aio::{ConnectionLike, ConnectionManagerConfig}, cmd};
use tokio::runtime::{Builder, Runtime};

const LIMIT: Duration = Duration::from_secs(1);

fn told<T>(result: RedisResult<T>) -> &'static str {
    match result {
        Ok(_) => "answered",
        Err(error) if error.is_timeout() => "timed out",
        Err(_) => "another error",
    }
}

async fn wait_and_ping(mut connection: impl ConnectionLike) -> String {
    let ready = redis::pipe().cmd("PING").query_async::<Vec<String>>(&mut connection).await;
    // Whoever reads this stops the process, and lets it go on later.
    println!("waiting");
    std::io::stdout().flush().unwrap();
    let waited = cmd("BLPOP").arg("nothing").arg(0.3).query_async::<Option<String>>(&mut connection).await;
    let next = cmd("PING").query_async::<String>(&mut connection).await;
    format!("{}, then {}, and the next call {}", told(ready), told(waited), told(next))
}

async fn run(url: String, managed: bool) -> String {
    let client = Client::open(url).unwrap();
    if managed {
        let config = ConnectionManagerConfig::new().set_response_timeout(Some(LIMIT));
        return wait_and_ping(client.get_connection_manager_with_config(config).await.unwrap()).await;
    }
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(LIMIT));
    wait_and_ping(client.get_multiplexed_async_connection_with_config(&config).await.unwrap()).await
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime: Runtime = match &*arguments[1] {
        "one" => Builder::new_current_thread().enable_all().build(),
        _ => Builder::new_multi_thread().worker_threads(2).enable_all().build(),
    }
    .unwrap();
    let managed = arguments[2] == "managed";
    // As a task, so that a worker runs it where there are several.
    println!("{}", runtime.block_on(async { tokio::spawn(run(arguments[0].clone(), managed)).await.unwrap() }));
}
END
cargo build --quiet

port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$folder" >/dev/null &
until redis-cli -p "$port" ping >/dev/null 2>&1; do sleep 0.1; done

for threads in one several; do
    for connection in multiplexed managed; do
        for stop in no yes; do
            coproc target/debug/seen "redis://127.0.0.1:$port" "$threads" "$connection"
            process=$COPROC_PID
            exec {output}<&"${COPROC[0]}"
            read -r -u "$output" _
            if [ "$stop" = yes ]; then
                sleep 0.1
                kill -STOP "$process"
                sleep 2
                kill -CONT "$process"
            fi
            read -r -u "$output" line
            wait "$process"
            exec {output}<&-
            echo "$threads, $connection, stopped $stop: $line"
        done
    done
done >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
one, multiplexed, stopped no: answered, then answered, and the next call answered
one, multiplexed, stopped yes: answered, then timed out, and the next call answered
one, managed, stopped no: answered, then answered, and the next call answered
one, managed, stopped yes: answered, then timed out, and the next call answered
several, multiplexed, stopped no: answered, then answered, and the next call answered
several, multiplexed, stopped yes: answered, then timed out, and the next call answered
several, managed, stopped no: answered, then answered, and the next call answered
several, managed, stopped yes: answered, then timed out, and the next call answered
END
echo "as it was: redis 1.8.1 gives up an answer that came in time to a process that was stopped"
