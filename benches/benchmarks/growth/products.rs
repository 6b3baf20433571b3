//! Ten thousand to ten million products.

use std::cell::RefCell;

use anyhow::Result;
use tokio::runtime::Builder;

use super::POSTGRESQL;
use super::writer::{Writer, groups};
use crate::inputs::Inputs;
use crate::results::{Axis, Benchmark, Line, Plot, Target};
use crate::rounds::interleaved;
use crate::throwaway::Throwaway;
use crate::traffic::Mix;

pub(in super::super) const NAME: &str = "products";
pub(in super::super) const TITLE: &str = "events applied, by number of products";
const MEANING: &str = "Batches of 500 events (six adjustments, two counts, two prices of ten) are applied through the \
    store on one connection to catalogs of different sizes, in turn: a database each on one server. Products are \
    chosen by Zipf's law with exponent 1.0 and lie spread over the tables; a larger catalog has more different \
    products in a batch. PostgreSQL has the stack's parameters, shared_buffers=256MB, full_page_writes=on, \
    synchronous_commit=on; fsync is off, and everything fits into the machine's page cache. Each round ends with a \
    check of every level that the events touched. With --full up to ten million products (about 3 GB of disk).";

pub(in super::super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let most: u32 = match (inputs.quick, inputs.full) {
        (true, _) => 4,
        (false, false) => 6,
        (false, true) => 7,
    };
    let sizes: Vec<u64> = (inputs.size(4, 3)..=most).map(|power| 10_u64.pow(power)).collect();
    let throwaway = Throwaway::start(&POSTGRESQL)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let writer = |size: &u64| {
        let (name, database) = (format!("{size} products"), format!("products_{size}"));
        Ok(RefCell::new(Writer::filled(&throwaway, name, &database, (*size, 1), Mix::Usual)?))
    };
    let writers = sizes.iter().map(writer).collect::<Result<Vec<_>>>()?;
    let rounds =
        interleaved(inputs.rounds, &writers, NAME, |writer| writer.borrow_mut().round(&throwaway, &runtime, inputs))?;
    let names: Vec<String> = writers.iter().map(|writer| writer.borrow().name.clone()).collect();
    let groups = groups(&names, &rounds, &names[0]);
    let speed = &groups[0];
    #[expect(clippy::cast_precision_loss, reason = "up to 10 million")]
    let points = sizes.iter().zip(&speed.rows).map(|(size, row)| (*size as f64, row.median)).collect();
    let plot = Plot::Lines {
        x: Axis { title: "products", logarithmic: true },
        y: Axis { title: "events/s", logarithmic: false },
        lines: vec![Line { name: "batches of 500, one connection".to_owned(), points }],
    };
    let last = names.last().expect("there are some");
    let targets = vec![Target::at_least(format!("{last}, beside {}", names[0]), 0.5, speed.ratio(last, &names[0]))];
    Ok(Benchmark { name: NAME, title: TITLE, meaning: MEANING, groups, targets, plot })
}
