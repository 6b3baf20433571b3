//! A supplier's table, sent to the open stream of a run, and the catalog that it becomes.

use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Result, ensure};
use pipegen::servers::free_port;
use serde_json::{Value, json};

use crate::run::local::{LocalCommand, LocalProcess};
use crate::run::reader::CatalogReader;

/// The time for the run to start: the bootstrap may have to be built.
const START_TIMEOUT: Duration = Duration::from_mins(15);
/// The time for events to reach the catalog.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Columns of `WooCommerce`. One cell is no number.
const STOCK: &str = "SKU,Name,Stock,Regular price\nwoo-beanie,Beanie,12,18.50\nwoo-cap,Cap,none,16\n";

fn send(running: &LocalProcess, port: u16) -> Result<Output> {
    let columns = [
        "--sku-column",
        "SKU",
        "--title-column",
        "Name",
        "--quantity-column",
        "Stock",
        "--price-column",
        "Regular price",
    ];
    let output = Command::new(env!("CARGO_BIN_EXE_pipegen"))
        .args(["send", "--json", "--endpoint", &format!("http://127.0.0.1:{port}")])
        .args(["--supplier", "acme", "--currency", "GBP"])
        .args(columns)
        .arg(running.path("stock.csv"))
        .stdin(Stdio::null())
        .output()?;
    Ok(output)
}

/// Waits until the catalog has this view of a product, version and time aside.
fn wait_for(reader: &CatalogReader, sku: &str, expected: &Value) -> Result<()> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let answer = reader.get(sku)?;
        let view: Value = serde_json::from_str(&answer.body)?;
        if (answer.status, &view["offers"], &view["title"]) == (200, &expected["offers"], &expected["title"]) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{sku} is still {}: {view}", answer.status);
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_table_becomes_products() -> Result<()> {
    let port = free_port()?;
    let command = LocalCommand::new()?.default_settings()?.option("--port", port.to_string());
    let mut running = command.flag("--serve").flag("--no-records").start()?;
    let deadline = Instant::now() + START_TIMEOUT;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(running.is_alive()? && Instant::now() < deadline, "the stream is not open");
        thread::sleep(Duration::from_millis(50));
    }
    fs::write(running.path("stock.csv"), STOCK)?;
    let reader = CatalogReader::of(port);
    let offer = |on_hand: i64, amount: &str| json!([{ "supplier": "acme", "on_hand": on_hand, "price": { "amount": amount, "currency": "GBP" } }]);
    let beanie = json!({ "title": "Beanie", "offers": offer(12, "18.5") });
    // The same file twice is the same events.
    for _ in 0..2 {
        let sent = send(&running, port)?;
        let (summary, said): (Value, _) =
            (serde_json::from_slice(&sent.stdout)?, String::from_utf8_lossy(&sent.stderr));
        assert_eq!(
            (sent.status.code(), &summary["sent"], &summary["refused"]),
            (Some(1), &json!(5), &json!(1)),
            "{said}"
        );
        assert!(said.contains("stock.csv:3: column `Stock`: invalid_row: `none` is not a number"), "{said}");
        wait_for(&reader, "woo-beanie", &beanie)?;
    }
    // What was refused is mended, and the whole file is sent again.
    fs::write(running.path("stock.csv"), STOCK.replace("none", "3"))?;
    assert_eq!(send(&running, port)?.status.code(), Some(0));
    wait_for(&reader, "woo-cap", &json!({ "title": "Cap", "offers": offer(3, "16") }))?;
    wait_for(&reader, "woo-beanie", &beanie)?;
    running.press_ctrl_c()?;
    running.wait_for_stop()?.succeeded()?;
    Ok(())
}
