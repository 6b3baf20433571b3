//! A fake bootstrap, compiled by the tests: speaks the Runtime API with the standard library alone and does what the
//! event says (`{"do": …}`, or `?do=…` at its URL), or responds as its handler does (`null` and a batch line, for
//! instance).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::exit;
use std::time::Duration;

/// The mark of a bootstrap.
#[used]
static MARKER: &str = env!("PIPEGEN_MARKER");

fn main() {
    let handler = std::env::var("_HANDLER").unwrap();
    match handler.as_str() {
        "dies" => {
            println!("about to fail");
            eprintln!("failed on purpose");
            exit(7);
        }
        "init_error" => {
            call("POST", "/2018-06-01/runtime/init/error", r#"{"errorMessage":"no settings"}"#);
            exit(1);
        }
        "never_asks" => loop {
            std::thread::sleep(Duration::from_secs(60));
        },
        _ => {}
    }
    let mut reported = false;
    loop {
        let (headers, event) = call("GET", "/2018-06-01/runtime/invocation/next", "");
        let header = |name: &str| {
            let line = headers.lines().find(|line| line.to_lowercase().starts_with(name)).unwrap();
            line.split_once(": ").unwrap().1.trim().to_owned()
        };
        let id = header("lambda-runtime-aws-request-id");
        for needed in ["lambda-runtime-deadline-ms", "lambda-runtime-invoked-function-arn", "lambda-runtime-trace-id"] {
            header(needed);
        }
        let response = format!("/2018-06-01/runtime/invocation/{id}/response");
        let wants = |what: &str| {
            event.contains(&format!(r#""do":"{what}""#)) || event.contains(&format!(r#""rawQueryString":"do={what}""#))
        };
        let is_poison = handler == "processor" && event.contains("cG9pc29u");
        if wants("fail") || is_poison {
            call("POST", &format!("/2018-06-01/runtime/invocation/{id}/error"), r#"{"errorMessage":"injected"}"#);
        } else if wants("die") {
            exit(9);
        } else if wants("hang") || event.contains("aGFuZw==") {
            std::thread::sleep(Duration::from_secs(60));
        } else if wants("big") {
            call("POST", &response, &"x".repeat(7 * 1024 * 1024));
        } else if wants("environment") {
            let variables: Vec<_> = std::env::vars().map(|(name, _)| format!("{name:?}")).collect();
            call("POST", &response, &format!("[{}]", variables.join(",")));
        } else if wants("variables") {
            let variables: Vec<_> = std::env::vars().map(|(name, value)| format!("{name:?}:{value:?}")).collect();
            call("POST", &response, &format!("{{{}}}", variables.join(",")));
        } else {
            if wants("sleep") {
                std::thread::sleep(Duration::from_millis(300));
            }
            // A batch with `once` in it is processed, and reported nevertheless the first time.
            let report = event.contains("b25jZQ==") && !std::mem::replace(&mut reported, true);
            if handler == "processor" {
                let records = event.matches("\"kinesis\":").count();
                println!(
                    r#"{{"level":"INFO","message":"batch","records":{records},"events":{records},"applied":{records}}}"#
                );
                std::io::stdout().flush().unwrap();
            }
            let (_, number) = event.split_once("\"sequenceNumber\":\"").unwrap_or_default();
            let number = number.split('"').next().unwrap_or_default();
            let text = match handler.as_str() {
                "catalog" if wants("tell_length") => r#"{"statusCode":200,"headers":{"content-length":"9"}}"#.to_owned(),
                "catalog" if wants("unchanged") => r#"{"statusCode":304,"headers":{"etag":"\"1\""}}"#.to_owned(),
                "catalog" if event.contains(r#""method":"HEAD""#) => r#"{"statusCode":200}"#.to_owned(),
                "processor" if report => format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"{number}"}}]}}"#),
                "processor" | "archiver" => "null".to_owned(),
                "maintain" => r#"{"drained":2,"pruned":1,"crossings":3}"#.to_owned(),
                "catalog" => r#"{"statusCode":200,"headers":{"x-cache":"miss"},"body":"a product"}"#.to_owned(),
                _ => std::process::id().to_string(),
            };
            call("POST", &response, &text);
        }
    }
}

/// Makes a request on a connection of its own, and returns headers and body of the response. Exits if the server is
/// gone.
fn call(method: &str, path: &str, body: &str) -> (String, String) {
    let address = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let Ok(mut connection) = TcpStream::connect(&address) else { exit(0) };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    // A server that rejects a large body stops reading it.
    let _ = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(body.as_bytes()));
    let mut response = Vec::new();
    let _ = connection.read_to_end(&mut response);
    if response.is_empty() {
        exit(0);
    }
    let response = String::from_utf8(response).unwrap();
    let (headers, body) = response.split_once("\r\n\r\n").unwrap();
    (headers.to_owned(), body.to_owned())
}
