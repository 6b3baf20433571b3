//! Carries a plan out.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use url::Url;

use crate::known::Known;
use crate::pipeline::Pipeline;
use crate::plan::{Fault, Plan, Server, Strike};
use crate::run::cache::RedisServer;
use crate::run::processes::with_role;
use crate::wire::{Cut, Wire};

/// Strikes as planned; when it returns, everything is healed. Returns how often each kind of fault has hit something.
pub(crate) fn strike(plan: &Plan, pipeline: &Pipeline<'_>, known: &Known) -> Result<BTreeMap<String, u64>> {
    let begun = Instant::now();
    thread::scope(|scope| {
        let strikes: Vec<_> = plan
            .faults
            .iter()
            .map(|fault| {
                scope.spawn(move || {
                    thread::sleep(fault.at.saturating_sub(begun.elapsed()));
                    if fault.strike.is_of_the_cache() {
                        known.excuse();
                    }
                    one(fault, pipeline).with_context(|| format!("{:?}", fault.strike))
                })
            })
            .collect();
        let mut hits = BTreeMap::new();
        for (strike, fault) in strikes.into_iter().zip(&plan.faults) {
            let hit = strike.join().map_err(|_| anyhow!("the nemesis panicked"))??;
            *hits.entry(fault.strike.kind()).or_default() += u64::from(hit);
        }
        Ok(hits)
    })
}

/// The time for a replica to have the primary's data.
const REPLICATION: Duration = Duration::from_secs(1);

/// Strikes once, and returns whether there was something to hit.
fn one(fault: &Fault, pipeline: &Pipeline<'_>) -> Result<bool> {
    let Fault { strike, lasts, .. } = *fault;
    match strike {
        Strike::Kill(role) => Ok(signal(role, Signal::SIGKILL, pipeline)?.is_some()),
        Strike::Freeze(role) => {
            let frozen = signal(role, Signal::SIGSTOP, pipeline)?;
            thread::sleep(lasts);
            // It may have been killed meanwhile, at the end of its time.
            if let Some(pid) = frozen {
                kill(pid, Signal::SIGCONT).ok();
            }
            Ok(frozen.is_some())
        }
        Strike::Idle(server) => {
            let begun = pipeline.begin_fault("idle", lasts)?;
            // What was being done has ended for the most part.
            thread::sleep(lasts / 2);
            wire(server, pipeline).cut(Cut::Silence);
            thread::sleep(lasts / 2);
            Ok(begun)
        }
        Strike::Redeliver => pipeline.begin_fault("redeliver", lasts),
        Strike::Reshard => {
            // In turn, it splits and merges.
            let begun = pipeline.begin_fault("reshard", lasts)?;
            thread::sleep(lasts);
            Ok(begun && pipeline.begin_fault("reshard", lasts)?)
        }
        Strike::Reset(server) => {
            wire(server, pipeline).cut(Cut::Reset);
            Ok(true)
        }
        Strike::Silence(server) => {
            wire(server, pipeline).cut(Cut::Silence);
            Ok(true)
        }
        Strike::HalfOpen(server) => {
            wire(server, pipeline).cut(Cut::HalfOpen);
            Ok(true)
        }
        Strike::Delay(server, by) => {
            wire(server, pipeline).delay(by);
            thread::sleep(lasts);
            wire(server, pipeline).delay(Duration::ZERO);
            Ok(true)
        }
        Strike::Unreachable(server) => {
            wire(server, pipeline).set_unreachable(true);
            thread::sleep(lasts);
            wire(server, pipeline).set_unreachable(false);
            Ok(true)
        }
        Strike::Restart(Server::Cache) => {
            // Locked for the whole time: another restart waits for it.
            let mut cache = pipeline.cache.lock();
            cache.stop()?;
            thread::sleep(lasts);
            cache.restart()?;
            Ok(true)
        }
        Strike::Restart(Server::Database) => {
            let process = pipeline.database.servers.database_process.as_ref().context("a PostgreSQL of our own")?;
            let _alone = pipeline.restarts.lock();
            pipeline.database.runtime.block_on(async {
                process.pause().await;
                tokio::time::sleep(lasts).await;
                process.start_again().await
            })?;
            Ok(true)
        }
        Strike::Flush => command(&pipeline.cache.lock(), "FLUSHALL", &[]).map(|()| true),
        Strike::Failover => fail_over(lasts, pipeline).map(|()| true),
        // The pipeline was told at its start.
        Strike::Objects => Ok(true),
    }
}

fn wire<'p>(server: Server, pipeline: &'p Pipeline<'_>) -> &'p Wire {
    match server {
        Server::Database => &pipeline.database_wire,
        Server::Cache => &pipeline.cache_wire,
    }
}

/// Makes a new server a replica, and then the primary. New connections reach it; the old server answers those that it
/// has, as a replica of nobody who can be reached.
fn fail_over(lasts: Duration, pipeline: &Pipeline<'_>) -> Result<()> {
    let mut primary = pipeline.cache.lock();
    let mut replica = RedisServer::start()?;
    replica.allow_reads();
    command(&replica, "REPLICAOF", &["127.0.0.1", &port(&primary)?.to_string()])?;
    thread::sleep(lasts.max(REPLICATION));
    command(&replica, "REPLICAOF", &["NO", "ONE"])?;
    command(&primary, "REPLICAOF", &["127.0.0.1", "1"])?;
    pipeline.cache_wire.lead_to(port(&replica)?);
    pipeline.demoted.lock().push(std::mem::replace(&mut *primary, replica));
    Ok(())
}

/// Sends a signal to a process of this role, if there is one.
fn signal(role: &str, signal: Signal, pipeline: &Pipeline<'_>) -> Result<Option<Pid>> {
    let run = pipeline.local.lock().pid();
    let processes = with_role(run, role)?;
    let Some(process) = processes.last() else { return Ok(None) };
    let pid = Pid::from_raw(process.pid);
    // It may have ended meanwhile.
    Ok(kill(pid, signal).is_ok().then_some(pid))
}

/// Sends a command to Redis.
fn command(server: &RedisServer, name: &str, arguments: &[&str]) -> Result<()> {
    let mut connection = redis::Client::open(server.url())?.get_connection()?;
    Ok(redis::cmd(name).arg(arguments).exec(&mut connection)?)
}

/// Returns the port at which Redis listens.
pub(crate) fn port(server: &RedisServer) -> Result<u16> {
    Url::parse(&server.url())?.port().context("a URL with a port")
}
