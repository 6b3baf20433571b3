//! Interleaved rounds, and what is made of their measurements: medians, and ratios of one round.
//!
//! Machines differ, are shared, and become slower and faster: only what ran side by side is compared.

use anyhow::Result;

use crate::progress::Bar;

/// Measures each variant once in every round: A B C, A B C, … Returns for each variant one measurement a round.
pub(crate) fn interleaved<V, M>(
    rounds: usize,
    variants: &[V],
    name: &str,
    mut measure: impl FnMut(&V) -> Result<M>,
) -> Result<Vec<Vec<M>>> {
    let bar = Bar::new(name, rounds * variants.len());
    let mut measured: Vec<Vec<M>> = variants.iter().map(|_| Vec::with_capacity(rounds)).collect();
    for _ in 0..rounds {
        for (variant, measurements) in variants.iter().zip(&mut measured) {
            measurements.push(measure(variant)?);
            bar.step();
        }
    }
    Ok(measured)
}

/// Returns the median, of an even number the mean of the middle two. Not a number if there is none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// Returns the median of the ratios of each round.
pub(crate) fn median_ratio(values: &[f64], reference: &[f64]) -> f64 {
    let ratios: Vec<f64> = values.iter().zip(reference).map(|(value, reference)| value / reference).collect();
    median(&ratios)
}
