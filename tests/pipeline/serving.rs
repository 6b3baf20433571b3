//! The catalog is asked when all records are played.

use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Result, ensure};
use pipegen::servers::free_port;

use crate::model::expected::Expected;
use crate::records::lines;
use crate::run::play::{Play, Played};
use crate::run::reader::Reader;

/// How long the run may take until its export is there.
const LONGEST: Duration = Duration::from_mins(20);

#[test]
fn readers_get_what_was_exported_until_ctrl_c() -> Result<()> {
    let lines = lines()?;
    let expected = Expected::of(&lines)?;
    let port = free_port()?;
    let play = Play::new(&expected)?.edit(|local| {
        let local = local.reads(&lines)?.option("--catalog-port", port.to_string());
        Ok(local.flag("--serve"))
    })?;
    let (mut cache, mut running) = play.start()?;
    cache.is_read_by_others();
    let exported = running.path("export.jsonl");
    let deadline = Instant::now() + LONGEST;
    // It appears whole.
    while !exported.exists() {
        ensure!(running.is_alive()? && Instant::now() < deadline, "there is no export");
        thread::sleep(Duration::from_millis(50));
    }

    let reader = Reader::of(port);
    // The first time the database answers for most of them, the second time the cache.
    for _ in 0..2 {
        for (view, sku) in fs::read_to_string(&exported)?.lines().zip(expected.catalog.views.keys()) {
            let answer = reader.get(sku)?;
            assert_eq!((answer.status, &*answer.body), (200, view));
        }
    }
    running.press_ctrl_c()?;
    Played::after(cache, running.wait_for_stop()?.succeeded()?)?.check(&expected)
}
