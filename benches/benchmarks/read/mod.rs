//! The read path: a cached product beside a bare `HMGET`, misses, 100 products at once.
//!
//! - [`reader`]: the catalog's handler and a bare connection, with the same settings
//! - [`times`]: times of reads
//! - [`mix`]: reads by Zipf's law with writes among them

pub(super) mod mix;
mod reader;
mod times;

use anyhow::{Result, ensure};
use pipegen_store::{Store, View};
use redis::aio::MultiplexedConnection;
use tokio::runtime::Builder;

use super::growth;
use crate::inputs::Inputs;
use crate::progress::Bar;
use crate::results::{Benchmark, Group, Target};
use crate::throwaway::Throwaway;
use crate::traffic::{Mix, Traffic, sku};

use reader::{Reader, Transport, create_login, key};
use times::Times;

pub(super) const NAME: &str = "read";
pub(super) const TITLE: &str = "a cached product from the catalog, beside a bare HMGET";
const MEANING: &str = "Times of one read after the other, as one function instance serves them. The catalog is its \
    handler: path or query parsed, cache read (and on a miss PostgreSQL, then the cache filled), response made; \
    without Lambda's HTTP around it. HMGET is the same Redis client with the same settings, which asks for the same \
    two fields (for 100 products: 100 commands in one pipeline). They take turns every few hundred reads. CPU is of \
    the reading process alone. Products have three offers and are read by Zipf's law. Every answer is compared with \
    the view in PostgreSQL.";

const HMGET: &str = "HMGET";
const CATALOG: &str = "catalog";
const PRODUCTS: u64 = 10_000;
const OFFERS: u64 = 3;
/// The reads between two turns, and the turns of a round.
const READS: usize = 250;
const TURNS: usize = 16;
/// The most products that one request may ask for.
const MANY: usize = 100;

/// Times of each kind of read over one transport.
#[derive(Default)]
struct Round {
    hmget: Times,
    catalog: Times,
    hmget_many: Times,
    catalog_many: Times,
    misses: Times,
}

pub(super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let throwaway = Throwaway::start(&[])?;
    let products = inputs.size(PRODUCTS, 1000);
    throwaway.runtime.block_on(growth::fill(&throwaway.options("")?, products, OFFERS))?;
    let views = throwaway.runtime.block_on(views(&throwaway.store("")?, products))?;
    // As in the bootstrap: everything on one thread.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let transports = [Transport::PlainText, Transport::Tls];
    let rounds = runtime.block_on(async {
        create_login(&throwaway).await?;
        let mut readers = Vec::new();
        for transport in transports {
            readers.push(Reader::connect(&throwaway, transport).await?);
        }
        let mut admin = redis::Client::open(&*throwaway.servers.cache_url)?.get_multiplexed_async_connection().await?;
        let mut traffic = Traffic::new(products, OFFERS, Mix::Usual)?;
        for view in &views {
            readers[0].catalog(&[view]).await?;
        }
        // Connects; everything else is connected by now.
        readers[1].catalog(&[&views[0]]).await?;
        let turns = inputs.size(TURNS, 2);
        let bar = Bar::new(NAME, inputs.rounds * turns);
        let mut rounds: Vec<Vec<Round>> = transports.iter().map(|_| Vec::new()).collect();
        for _ in 0..inputs.rounds {
            let mut round = [Round::default(), Round::default()];
            for _ in 0..turns {
                for (reader, times) in readers.iter_mut().zip(&mut round) {
                    turn(reader, times, &mut traffic, &views, &mut admin).await?;
                }
                bar.step();
            }
            for (rounds, round) in rounds.iter_mut().zip(round) {
                rounds.push(round);
            }
        }
        anyhow::Ok(rounds)
    })?;
    Ok(benchmark(&transports, &rounds))
}

/// Reads for one turn in each way.
async fn turn(
    reader: &mut Reader,
    times: &mut Round,
    traffic: &mut Traffic,
    views: &[View],
    admin: &mut MultiplexedConnection,
) -> Result<()> {
    let mut chosen = || traffic.product().try_into().map(|number: usize| &views[number]);
    let one: Vec<&View> = (0..READS).map(|_| chosen()).collect::<Result<_, _>>()?;
    for view in &one {
        times.hmget.add(reader.hmget(std::slice::from_ref(view)).await?)?;
    }
    for view in &one {
        let read = reader.catalog(std::slice::from_ref(view)).await?;
        ensure!(read.hit, "{} was not in the cache", view.sku);
        times.catalog.add(read.cost)?;
    }
    let many: Vec<&View> = views.iter().step_by(views.len() / MANY).take(MANY).collect();
    for _ in 0..READS / 25 {
        times.hmget_many.add(reader.hmget(&many).await?)?;
        let read = reader.catalog(&many).await?;
        ensure!(read.hit, "not all of {MANY} products were in the cache");
        times.catalog_many.add(read.cost)?;
    }
    for view in one.iter().take(READS / 5) {
        redis::cmd("DEL").arg(key(&view.sku)).exec_async(admin).await?;
        let read = reader.catalog(std::slice::from_ref(view)).await?;
        ensure!(!read.hit, "{} was still in the cache", view.sku);
        times.misses.add(read.cost)?;
    }
    Ok(())
}

fn benchmark(transports: &[Transport], rounds: &[Vec<Round>]) -> Benchmark {
    type Kind = (&'static str, fn(&Round) -> &Times);
    let group = |title: &str, kinds: &[Kind], value: &dyn Fn(&Times) -> f64| {
        let mut group = Group::new(title, "µs");
        for (transport, rounds) in transports.iter().zip(rounds) {
            for (name, times) in kinds {
                let name = format!("{name}, {}", transport.name());
                group = group.with(name, rounds.iter().map(|round| value(times(round))).collect());
            }
        }
        group
    };
    let one: &[Kind] = &[(HMGET, |round| &round.hmget), (CATALOG, |round| &round.catalog)];
    let many: &[Kind] = &[(HMGET, |round| &round.hmget_many), (CATALOG, |round| &round.catalog_many)];
    let misses: &[Kind] = &[(CATALOG, |round| &round.misses)];
    let percentile = |percentile: f64| move |times: &Times| times.percentile(percentile);

    let p50 = group("a cached product, p50", one, &percentile(50.0));
    let groups = [
        group("a cached product, p99", one, &percentile(99.0)),
        group("a cached product, p99.9", one, &percentile(99.9)),
        group("a cached product, CPU of the reader", one, &Times::cpu),
        group("100 cached products, p50", many, &percentile(50.0)),
        group("100 cached products, p99", many, &percentile(99.0)),
        group("100 cached products, CPU of the reader", many, &Times::cpu),
        group("a miss, p50", misses, &percentile(50.0)),
        group("a miss, p99", misses, &percentile(99.0)),
    ];
    let target = |transport: &Transport| {
        let [ours, bare] = [CATALOG, HMGET].map(|name| format!("{name}, {}", transport.name()));
        let what = format!("a cached product, p50, beside HMGET, {}", transport.name());
        Target::at_most(what, 1.3, p50.ratio(&ours, &bare))
    };
    let targets = transports.iter().map(target).collect();
    let plot = p50.bars();
    let groups = [p50].into_iter().chain(groups).map(|group| {
        let reference = format!("{HMGET}, {}", transports[0].name());
        if group.rows.iter().any(|row| row.name == reference) { group.beside(&reference) } else { group }
    });
    Benchmark { name: NAME, title: TITLE, meaning: MEANING, groups: groups.collect(), targets, plot }
}

/// Returns the view of every product, in the order of their numbers.
async fn views(store: &Store, products: u64) -> Result<Vec<View>> {
    let skus: Vec<String> = (0..products).map(sku).collect();
    let mut views = Vec::new();
    for skus in skus.chunks(1000) {
        views.extend(store.views(&skus.iter().map(String::as_str).collect::<Vec<_>>()).await?);
    }
    ensure!(views.len() == skus.len(), "{} products instead of {}", views.len(), skus.len());
    Ok(views)
}
