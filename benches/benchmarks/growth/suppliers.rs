//! One to 64 suppliers a product.

use std::cell::RefCell;

use anyhow::Result;
use tokio::runtime::Builder;

use super::POSTGRESQL;
use super::writer::{Writer, groups};
use crate::inputs::Inputs;
use crate::results::{Axis, Benchmark, Line, Plot};
use crate::rounds::interleaved;
use crate::throwaway::Throwaway;
use crate::traffic::Mix;

pub(in super::super) const NAME: &str = "suppliers";
pub(in super::super) const TITLE: &str = "events applied, by number of suppliers a product";
const MEANING: &str = "As `products`, with ten thousand products that each have offers of as many suppliers. An event \
    changes one offer of its product, which the others must not slow down.";

const PRODUCTS: u64 = 10_000;

pub(in super::super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let counts: &[u32] = inputs.size(&[1, 2, 4, 8, 16, 32, 64], &[1, 64]);
    let throwaway = Throwaway::start(&POSTGRESQL)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let products = inputs.size(PRODUCTS, 1000);
    let writer = |count: &u32| {
        let (name, database) = (format!("{count} suppliers"), format!("suppliers_{count}"));
        let size = (products, u64::from(*count));
        Ok(RefCell::new(Writer::filled(&throwaway, name, &database, size, Mix::Usual)?))
    };
    let writers = counts.iter().map(writer).collect::<Result<Vec<_>>>()?;
    let rounds =
        interleaved(inputs.rounds, &writers, NAME, |writer| writer.borrow_mut().round(&throwaway, &runtime, inputs))?;
    let names: Vec<String> = writers.iter().map(|writer| writer.borrow().name.clone()).collect();
    let groups = groups(&names, &rounds, &names[0]);
    let points = counts.iter().zip(&groups[0].rows).map(|(count, row)| (f64::from(*count), row.median)).collect();
    let plot = Plot::Lines {
        x: Axis { title: "suppliers a product", logarithmic: true },
        y: Axis { title: "events/s", logarithmic: false },
        lines: vec![Line { name: "batches of 500, one connection".to_owned(), points }],
    };
    Ok(Benchmark { name: NAME, title: TITLE, meaning: MEANING, groups, targets: Vec::new(), plot })
}
