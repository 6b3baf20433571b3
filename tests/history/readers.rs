//! Readers of the catalog, who hold each read to what was acknowledged before it began.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use crate::known::Known;
use crate::pipeline::Pipeline;
use crate::records::random::Random;
use crate::suppliers::{SUPPLIERS, own_product, shared_products};
use crate::timeline::Timeline;

/// The longest pause between two reads, in milliseconds.
const LONGEST_PAUSE: usize = 16;

/// The same once nothing strikes any more.
const LONGEST_PAUSE_IN_CALM: usize = 80;

/// The reads of a reader.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) reads: u64,
    /// Answers other than a product or an unknown SKU, which a fault may cause.
    pub(crate) failures: u64,
    /// Reads of which a fault of the cache allowed that they were stale.
    pub(crate) excused: u64,
    /// Reads that showed less than was acknowledged.
    pub(crate) violations: Vec<String>,
}

/// A reader of the products that are counted up, and of shared ones.
pub(crate) struct Reader<'p> {
    pub(crate) seed: u64,
    pub(crate) pipeline: &'p Pipeline<'p>,
    pub(crate) known: &'p Known,
    pub(crate) timeline: &'p Timeline,
    /// Set once nothing is put any more and no fault strikes: reads are seldom then.
    pub(crate) calm: &'p AtomicBool,
    pub(crate) stop: &'p AtomicBool,
}

impl Reader<'_> {
    /// Reads until told to stop.
    pub(crate) fn read(&self) -> Result<Seen> {
        let random = &mut Random(self.seed);
        let skus: Vec<String> = SUPPLIERS.map(own_product).into_iter().chain(shared_products()).collect();
        let mut seen = Seen::default();
        while !self.stop.load(Ordering::Relaxed) {
            // Most reads are of the products that are counted up.
            let among = if random.below(4) == 0 { skus.len() } else { SUPPLIERS.len() };
            self.read_one(&skus[random.below(among)], &mut seen)?;
            let longest = if self.calm.load(Ordering::Relaxed) { LONGEST_PAUSE_IN_CALM } else { LONGEST_PAUSE };
            thread::sleep(Duration::from_millis(u64::try_from(random.below(longest))?));
        }
        Ok(seen)
    }

    fn read_one(&self, sku: &str, seen: &mut Seen) -> Result<()> {
        let (duty, began) = (self.known.duty(sku), self.timeline.elapsed());
        seen.reads += 1;
        match self.pipeline.reader.get(sku) {
            Ok(answer) if answer.status == 200 || answer.status == 404 => {
                self.timeline.read();
                let view: Value = serde_json::from_str(&answer.body)?;
                let shown = view["available"].as_i64().unwrap_or(0);
                if shown < duty.count && duty.is_excused {
                    seen.excused += 1;
                    self.timeline.excused();
                } else if shown < duty.count {
                    let (ended, hit) = (self.timeline.elapsed(), answer.is_hit);
                    seen.violations
                        .push(format!("{sku:?}: {duty:?}, read {shown} from {began:?} to {ended:?}, hit {hit}"));
                }
            }
            _ => {
                seen.failures += 1;
                self.timeline.failed();
            }
        }
        Ok(())
    }
}
