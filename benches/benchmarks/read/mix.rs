//! Reads by Zipf's law with writes among them: how often the cache has the answer, and what the database does.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use pipegen_lambda::cache::Cache;
use pipegen_lambda::database::{CatalogDatabase, Login};
use pipegen_lambda::refresh::refresh;
use pipegen_store::{Store, View};
use redis::aio::MultiplexedConnection;
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::runtime::Builder;

use super::reader::{LOGIN, Reader, Transport, cache, create_login};
use super::times::Times;
use super::{growth, views};
use crate::inputs::Inputs;
use crate::processes::{cpu, sessions};
use crate::results::{Benchmark, Group, Plot};
use crate::rounds::interleaved;
use crate::throwaway::Throwaway;
use crate::traffic::{Change, Mix, Traffic, all_taken};

pub(in super::super) const NAME: &str = "mix";
pub(in super::super) const TITLE: &str = "reads by Zipf's law with writes among them, from an empty cache";
const MEANING: &str = "Products are read and changed by Zipf's law (exponent 1.0), from a cache that is empty at \
    first. Every so often a batch of 100 changes is applied and the cache refreshed, as the processor does. Each \
    answer must be the view of the latest batch. The reader's load is what its session in PostgreSQL uses: statements \
    by pg_stat_statements, CPU by the operating system. A cached view outlives writes, so only a product's first read \
    misses.";

const PRODUCTS: u64 = 10_000;
const OFFERS: u64 = 3;
const BATCH: usize = 100;
/// The batches of a round, each after so many reads for each of its changes.
const BATCHES: usize = 40;

/// The servers and their users.
struct Scene {
    reader: Reader,
    store: Store,
    /// The writer's, with which it refreshes the cache.
    database: CatalogDatabase,
    writer: Cache,
    admin: PgConnection,
    redis: MultiplexedConnection,
    traffic: Traffic,
    /// The latest view of each product.
    latest: HashMap<String, View>,
}

/// The figures of a round.
struct Round {
    hit_percent: f64,
    statements: f64,
    statements_per_second: f64,
    database_cpu: f64,
    time: f64,
}

pub(in super::super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let throwaway = Throwaway::start(&[("shared_preload_libraries", "pg_stat_statements")])?;
    let products = inputs.size(PRODUCTS, 1000);
    throwaway.runtime.block_on(growth::fill(&throwaway.options("")?, products, OFFERS))?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut scene = runtime.block_on(Scene::set(&throwaway, products))?;
    let reads_for_each_change = [10, 100];
    let batches = inputs.size(BATCHES, 3);
    let rounds = interleaved(inputs.rounds, &reads_for_each_change, NAME, |reads| {
        // Few reads would be over before the popular products are in the cache.
        let batches = if *reads == 100 { batches.div_ceil(4) } else { batches };
        runtime.block_on(scene.play(*reads, batches))
    })?;
    let group = |title: &str, unit, value: fn(&Round) -> f64| {
        let variants = reads_for_each_change.iter().zip(&rounds);
        variants.fold(Group::new(title, unit), |group, (reads, rounds)| {
            group.with(format!("{reads} reads a change"), rounds.iter().map(value).collect())
        })
    };
    let hits = group("reads that the cache answers", "%", |round| round.hit_percent);
    let plot: Plot = hits.bars();
    let groups = vec![
        hits,
        group("the reader's statements in PostgreSQL", "for 1000 reads", |round| round.statements),
        group("the reader's statements in PostgreSQL", "/s", |round| round.statements_per_second),
        group("CPU of the reader's session in PostgreSQL", "µs/read", |round| round.database_cpu),
        group("a read, hit or miss, p50", "µs", |round| round.time),
    ];
    Ok(Benchmark { name: NAME, title: TITLE, meaning: MEANING, groups, targets: Vec::new(), plot })
}

impl Scene {
    async fn set(throwaway: &Throwaway, products: u64) -> Result<Self> {
        let mut admin = throwaway.options("")?.connect().await?;
        sqlx::raw_sql("create extension pg_stat_statements").execute(&mut admin).await?;
        create_login(throwaway).await?;
        let store = throwaway.store("")?;
        let latest = views(&store, products).await?.into_iter().map(|view| (view.sku.clone(), view)).collect();
        Ok(Self {
            reader: Reader::connect(throwaway, Transport::Tls).await?,
            database: CatalogDatabase::new(Login::Fixed(throwaway.options("")?), 1),
            writer: cache(throwaway, Transport::PlainText)?,
            redis: redis::Client::open(&*throwaway.servers.cache_url)?.get_multiplexed_async_connection().await?,
            traffic: Traffic::new(products, OFFERS, Mix::Usual)?,
            admin,
            store,
            latest,
        })
    }

    async fn play(&mut self, reads_for_each_change: usize, batches: usize) -> Result<Round> {
        redis::cmd("FLUSHALL").exec_async(&mut self.redis).await?;
        // One miss, so that the reader's session is there.
        self.read().await?;
        redis::cmd("FLUSHALL").exec_async(&mut self.redis).await?;
        let [session] = *sessions(&mut self.admin, LOGIN).await? else { anyhow::bail!("not one session") };
        let (before, statements_before) = (cpu(session)?, self.statements().await?);
        let (mut times, mut hits, mut reading) = (Times::default(), 0, Duration::ZERO);
        let mut written = 0;
        for _ in 0..batches {
            let started = Instant::now();
            for _ in 0..reads_for_each_change * BATCH {
                let (hit, cost) = self.read().await?;
                hits += u32::from(hit);
                times.add(cost)?;
            }
            reading += started.elapsed();
            written += self.write().await?;
        }
        let reads = f64::from(u32::try_from(batches * reads_for_each_change * BATCH)?);
        ensure!(written == batches * BATCH, "{written} changes were applied");
        let statements = self.statements().await? - statements_before;
        Ok(Round {
            hit_percent: f64::from(hits) / reads * 100.0,
            statements: statements / reads * 1000.0,
            statements_per_second: statements / reading.as_secs_f64(),
            database_cpu: cpu(session)?.saturating_sub(before).as_secs_f64() * 1e6 / reads,
            time: times.percentile(50.0),
        })
    }

    async fn read(&mut self) -> Result<(bool, super::times::Cost)> {
        let view = &self.latest[&crate::traffic::sku(self.traffic.product())];
        let read = self.reader.catalog(&[view]).await?;
        Ok((read.hit, read.cost))
    }

    async fn write(&mut self) -> Result<usize> {
        let changes = self.traffic.changes(BATCH);
        let events = changes.iter().map(Change::event).collect::<Result<Vec<_>>>()?;
        let applied = self.store.apply(&events.iter().collect::<Vec<_>>()).await?;
        all_taken(&applied)?;
        refresh(&self.database, &self.writer, &applied.products).await?;
        let skus: Vec<&str> = applied.products.iter().map(|product| product.sku.as_str()).collect();
        let views = self.store.views(&skus).await?;
        self.latest.extend(views.into_iter().map(|view| (view.sku.clone(), view)));
        Ok(events.len())
    }

    /// Returns how many statements PostgreSQL has run for the catalog.
    async fn statements(&mut self) -> Result<f64> {
        let calls = "select coalesce(sum(calls), 0)::float8 from pg_stat_statements where userid = $1::text::regrole";
        sqlx::query_scalar(calls).bind(LOGIN).fetch_one(&mut self.admin).await.context("pg_stat_statements")
    }
}
