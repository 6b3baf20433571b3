#!/usr/bin/env bash
# aws-smithy-http-client 1.5.2 (with `rustls-ring`) under aws-sdk-sts 1.124.0 (crates.io), Rust 1.95, on Linux.
#
# To make a client, without a request and even for an endpoint that is `http://`, opens all files of the system's trusted certificates,
# more than a hundred on many systems. The first client of a process does so in its constructor; later ones take what was read then.
# So every start pays for it, also that of a program which then asks nothing. Making the HTTP client reads none yet; a client whose
# TrustStore has certificates of its own, and not the system's, reads none at all.
#
# One would guess that they are read for the first connection that needs them, as the connections themselves are made.
set -euo pipefail

[ "$(uname)" = Linux ] || { echo "needs Linux, whose inotify counts the files opened" >&2; exit 1; }
command -v openssl >/dev/null || { echo "needs openssl, to make a certificate" >&2; exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir src
cat >Cargo.toml <<'END'
[package]
name = "seen"
version = "0.0.0"
edition = "2024"

[dependencies]
aws-sdk-sts = { version = "=1.124.0", default-features = false, features = ["rt-tokio"] }
aws-smithy-http-client = { version = "=1.5.2", default-features = false, features = ["rustls-ring"] }
inotify = { version = "=0.11.5", default-features = false }
END
cat >src/main.rs <<'END'
use aws_sdk_sts::{Client, Config, config::{BehaviorVersion, Region, SharedHttpClient}};
use aws_smithy_http_client::{Builder, tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode}};
use inotify::{Inotify, WatchMask};

fn https(roots: Option<TrustStore>) -> SharedHttpClient {
    let builder = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    match roots {
        Some(roots) => builder.tls_context(TlsContext::builder().with_trust_store(roots).build().unwrap()).build_https(),
        None => builder.build_https(),
    }
}

/// A client that needs no certificate, whatever it is asked for.
fn client(http: &SharedHttpClient) -> Client {
    let config = Config::builder().behavior_version(BehaviorVersion::v2026_01_12()).region(Region::new("eu-central-1"));
    Client::from_conf(config.endpoint_url("http://127.0.0.1:9").http_client(http.clone()).build())
}

fn main() {
    let roots = std::env::var("SSL_CERT_DIR").unwrap();
    let given = std::fs::read(format!("{roots}/1.pem")).unwrap();
    let mut inotify = Inotify::init().unwrap();
    inotify.watches().add(&roots, WatchMask::OPEN).unwrap();
    let mut seen = |name: &str| {
        let mut buffer = [0; 1 << 16];
        let opened = inotify.read_events(&mut buffer).map_or(0, |events| events.filter(|event| event.name.is_some()).count());
        println!("{name}: {opened} files opened");
    };

    client(&https(Some(TrustStore::empty().with_pem_certificate(given))));
    seen("a client with a TrustStore of its own");
    let http = https(None);
    seen("an HTTP client");
    client(&http);
    seen("a client with that");
    client(&http);
    seen("another client with that");
    client(&https(None));
    seen("a client with another HTTP client");
}
END
cargo build --quiet

# In place of the system's folder one of 100 files.
mkdir roots
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=seen -days 2 \
    -keyout key.pem -out roots/1.pem 2>openssl.log
for number in {2..100}; do
    cp roots/1.pem "roots/$number.pem"
done
env --unset SSL_CERT_FILE SSL_CERT_DIR="$folder/roots" cargo run --quiet --offline >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
a client with a TrustStore of its own: 0 files opened
an HTTP client: 0 files opened
a client with that: 100 files opened
another client with that: 0 files opened
a client with another HTTP client: 0 files opened
END
echo "as it was: aws-smithy-http-client 1.5.2 reads all of the system's certificates for a client that asks nothing"
