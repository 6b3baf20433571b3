//! Carries a plan out.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::known::Known;
use crate::pipeline::Pipeline;
use crate::plan::{Fault, Plan, Server, Strike};
use crate::run::processes::with_role;
use crate::wire::{Cut, Wire};

/// Strikes as planned; when it returns, everything is healed.
pub(crate) fn strike(plan: &Plan, pipeline: &Pipeline<'_>, known: &Known) -> Result<()> {
    let begun = Instant::now();
    thread::scope(|scope| {
        let strikes: Vec<_> = plan
            .faults
            .iter()
            .map(|fault| {
                scope.spawn(move || {
                    thread::sleep(fault.at.saturating_sub(begun.elapsed()));
                    if fault.strike.is_of_the_cache() {
                        known.excuse(fault.lasts + RESTART);
                    }
                    one(fault, pipeline).with_context(|| format!("{:?}", fault.strike))
                })
            })
            .collect();
        strikes.into_iter().try_for_each(|strike| strike.join().expect("no panic"))
    })
}

/// The time that a server takes to start again.
const RESTART: Duration = Duration::from_secs(3);

fn one(fault: &Fault, pipeline: &Pipeline<'_>) -> Result<()> {
    let Fault { strike, lasts, .. } = *fault;
    match strike {
        Strike::Kill(role) => signal(role, Signal::SIGKILL, pipeline).map(drop),
        Strike::Freeze(role) => {
            let frozen = signal(role, Signal::SIGSTOP, pipeline)?;
            thread::sleep(lasts);
            // It may have been killed meanwhile, at the end of its time.
            frozen.map_or(Ok(()), |pid| kill(pid, Signal::SIGCONT).or(Ok(())))
        }
        Strike::Reset(server) => cut(wire(server, pipeline), Cut::Reset),
        Strike::Silence(server) => cut(wire(server, pipeline), Cut::Silence),
        Strike::HalfOpen(server) => cut(wire(server, pipeline), Cut::HalfOpen),
        Strike::Delay(server, by) => {
            wire(server, pipeline).delay(by);
            thread::sleep(lasts);
            wire(server, pipeline).delay(Duration::ZERO);
            Ok(())
        }
        Strike::Unreachable(server) => {
            wire(server, pipeline).set_unreachable(true);
            thread::sleep(lasts);
            wire(server, pipeline).set_unreachable(false);
            Ok(())
        }
        Strike::Restart(Server::Cache) => {
            // Locked for the whole time: another restart waits for it.
            let mut cache = pipeline.cache.lock();
            cache.stop()?;
            thread::sleep(lasts);
            cache.restart()
        }
        Strike::Restart(Server::Database) => {
            let process = pipeline.database.servers.database_process.as_ref().context("a PostgreSQL of our own")?;
            let _alone = pipeline.restarts.lock();
            pipeline.database.runtime.block_on(async {
                process.pause().await;
                tokio::time::sleep(lasts).await;
                process.start_again().await
            })?;
            Ok(())
        }
        Strike::Flush => pipeline.cache.lock().flush(),
    }
}

fn wire<'p>(server: Server, pipeline: &'p Pipeline<'_>) -> &'p Wire {
    match server {
        Server::Database => &pipeline.database_wire,
        Server::Cache => &pipeline.cache_wire,
    }
}

fn cut(wire: &Wire, cut: Cut) -> Result<()> {
    wire.cut(cut);
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
