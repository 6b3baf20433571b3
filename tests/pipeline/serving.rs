//! The catalog is read after all records are processed.

use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Result, ensure};
use pipegen::servers::free_port;

use crate::model::expected::Expected;
use crate::records::lines;
use crate::run::reader::CatalogReader;
use crate::run::results::{PreparedRun, RunResults};

/// The time for the run to write its export.
const TIMEOUT: Duration = Duration::from_mins(20);

#[test]
fn readers_get_what_was_exported_until_ctrl_c() -> Result<()> {
    let lines = lines()?;
    let expected = Expected::of(&lines)?;
    let port = free_port()?;
    let prepared = PreparedRun::new(&expected)?.edit(|local| {
        let local = local.records(&lines)?.option("--catalog-port", port.to_string());
        Ok(local.flag("--serve"))
    })?;
    let (mut cache, mut running) = prepared.start()?;
    cache.allow_reads();
    let exported = running.path("export.jsonl");
    let deadline = Instant::now() + TIMEOUT;
    // The file appears only when it is complete.
    while !exported.exists() {
        ensure!(running.is_alive()? && Instant::now() < deadline, "there is no export");
        thread::sleep(Duration::from_millis(50));
    }

    let reader = CatalogReader::of(port);
    // Most of the first reads are answered from the database, the second ones from the cache.
    for _ in 0..2 {
        for (view, sku) in fs::read_to_string(&exported)?.lines().zip(expected.catalog.views.keys()) {
            let answer = reader.get(sku)?;
            assert_eq!((answer.status, &*answer.body), (200, view));
        }
    }
    running.press_ctrl_c()?;
    RunResults::after(cache, running.wait_for_stop()?.succeeded()?)?.check(&expected)
}
