//! The stream: `aws_kinesis_stream`.

use super::comparison::{Comparison, ResourcePair};
use super::stack_change::StackChange;
use crate::config::Sizing;

pub(super) fn changes(comparison: &Comparison<'_>) -> Vec<StackChange> {
    comparison.pairs("aws_kinesis_stream").flat_map(|pair| [shards(&pair), retention(&pair)]).flatten().collect()
}

/// Kinesis (`UpdateShardCount`) at most doubles or halves the number of shards at once.
fn shards(pair: &ResourcePair<'_>) -> Option<StackChange> {
    let (earlier, new) = pair.number("shard_count")?;
    let between = between(earlier, new);
    if between.is_empty() {
        return None;
    }
    let settings = between.iter().map(|shards| {
        let peak = u32::try_from(*shards).map_or(u32::MAX, Sizing::largest_peak);
        format!("`peak_updates_per_minute = {peak}` ({shards} shards)")
    });
    Some(StackChange::refused(
        format!("the stream would go from {earlier} to {new} shards; Kinesis at most doubles or halves them at once"),
        format!(
            "go in steps, and render and apply each: {}, at last what is set now ({new})",
            settings.collect::<Vec<_>>().join(", then ")
        ),
    ))
}

/// Returns the numbers of shards in between, each at most twice the one before, and at least half of it.
fn between(mut shards: u64, to: u64) -> Vec<u64> {
    let mut steps = Vec::new();
    if shards == 0 || to == 0 {
        return steps;
    }
    loop {
        shards = if to > shards { to.min(shards * 2) } else { to.max(shards.div_ceil(2)) };
        if shards == to {
            return steps;
        }
        steps.push(shards);
    }
}

/// Kinesis drops records that are older at once.
fn retention(pair: &ResourcePair<'_>) -> Option<StackChange> {
    let (earlier, new) = pair.number("retention_period").filter(|(earlier, new)| new < earlier)?;
    Some(StackChange::warned(
        format!(
            "the stream will keep records for {new} h instead of {earlier} h, and drops those that are older at once"
        ),
        "apply when processor and archiver have read everything: what they have not read is lost",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_double_or_halve_at_most() {
        for (from, to, steps) in [
            (1, 7, vec![2_u64, 4]),
            (1, 2, vec![]),
            (1, 3, vec![2]),
            (2, 4, vec![]),
            (3, 7, vec![6]),
            (7, 4, vec![]),
            (7, 3, vec![4]),
            (7, 1, vec![4, 2]),
            (34, 1, vec![17, 9, 5, 3, 2]),
            (0, 5, vec![]),
            (5, 0, vec![]),
        ] {
            assert_eq!(between(from, to), steps, "{from} to {to}");
        }
        for (from, to) in (1..40).flat_map(|from| (1..40).map(move |to| (from, to))) {
            let whole: Vec<u64> = [vec![from], between(from, to), vec![to]].concat();
            for pair in whole.windows(2) {
                let [one, next] = pair else { continue };
                assert!(*next <= one * 2 && next * 2 >= *one, "{whole:?}");
            }
        }
    }
}
