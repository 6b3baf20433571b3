//! Plays the batches of all shards to a function: shards side by side, the batches of each in order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use pipegen::lambda_host::{FunctionPool, Invocation, InvocationOutcome};
use pipegen_contract::batch_line;
use serde_json::Value;
use tokio::task::JoinSet;

use super::batches::Shards;

/// The cost of playing them.
#[derive(Default)]
pub(super) struct Played {
    pub(super) seconds: f64,
    /// Milliseconds by stage of the processor, summed over the shards.
    pub(super) stages: BTreeMap<String, f64>,
    /// Products that the cache could not be told of.
    pub(super) pending: u64,
    /// Milliseconds of all invocations, summed over the shards.
    pub(super) invocations: f64,
}

/// Invokes the function once for the first batch of each shard, at the same time, so that an instance runs for each.
pub(super) async fn warm_up(pool: &Arc<FunctionPool>, shards: &Shards) -> Result<()> {
    let mut invocations = JoinSet::new();
    for first in shards.iter().filter_map(|batches| batches.first()) {
        let (pool, event) = (Arc::clone(pool), first.clone());
        invocations.spawn(async move { invoke(&pool, event).await });
    }
    while let Some(invoked) = invocations.join_next().await {
        invoked??;
    }
    Ok(())
}

/// Plays every batch. Each must be accepted as a whole.
pub(super) async fn play(pool: &Arc<FunctionPool>, shards: &Shards) -> Result<Played> {
    let mut lanes = JoinSet::new();
    let started = Instant::now();
    for batches in shards {
        let pool = Arc::clone(pool);
        let batches = batches.clone();
        lanes.spawn(async move {
            let mut played = Played::default();
            for event in batches {
                let invoked = Instant::now();
                let invocation = invoke(&pool, event).await?;
                played.invocations += invoked.elapsed().as_secs_f64() * 1000.0;
                played.count(&invocation);
            }
            anyhow::Ok(played)
        });
    }
    let mut all = Played::default();
    while let Some(lane) = lanes.join_next().await {
        all.add(lane.context("a lane panicked")??);
    }
    all.seconds = started.elapsed().as_secs_f64();
    Ok(all)
}

/// Invokes the function with one batch.
pub(super) async fn invoke(pool: &FunctionPool, event: Bytes) -> Result<Invocation> {
    let invocation = pool.invoke(event).await?;
    match &invocation.outcome {
        InvocationOutcome::Answered(answer) => {
            let answer: Value = serde_json::from_slice(answer)?;
            let accepted = answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty);
            ensure!(accepted, "a batch was not accepted: {answer}");
        }
        InvocationOutcome::Failed => bail!("an invocation failed: {}", invocation.failure.unwrap_or_default()),
    }
    Ok(invocation)
}

impl Played {
    fn count(&mut self, invocation: &Invocation) {
        let line = invocation.batch_line.as_ref();
        let pending = line.and_then(|line| line.get(batch_line::PENDING)?.as_u64());
        self.pending += pending.unwrap_or_default();
        let stages = line.and_then(|line| line.get(batch_line::MILLISECONDS)?.as_object());
        for (stage, milliseconds) in stages.into_iter().flatten() {
            *self.stages.entry(stage.clone()).or_default() += milliseconds.as_f64().unwrap_or_default();
        }
    }

    fn add(&mut self, lane: Self) {
        self.invocations += lane.invocations;
        self.pending += lane.pending;
        for (stage, milliseconds) in lane.stages {
            *self.stages.entry(stage).or_default() += milliseconds;
        }
    }
}
