//! Memory by kind of process, of everything that descends from one process.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use procfs::process::{Process, Stat, all_processes};

use crate::cpu::{Usage, label};

/// Memory by label, as [`Usage`] has them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<String, KindMemory>);

/// The memory of the processes of one kind, in MiB.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KindMemory {
    /// The memory of all of them now. Of PostgreSQL, whose processes share most of theirs, a shared page counts
    /// in parts (PSS); of others, each process has its own (RSS).
    pub(crate) resident: f64,
    /// The same of the process that has the most.
    pub(crate) largest: f64,
    /// The most that one of them has had.
    pub(crate) peak: f64,
}

impl Memory {
    /// Looks once at the tree below a process. A process that ends meanwhile is passed over.
    pub(crate) fn now(root: i32) -> Self {
        let stats: Vec<Stat> =
            all_processes().into_iter().flatten().filter_map(|process| process.ok()?.stat().ok()).collect();
        let mut memory = Self::default();
        for stat in &stats {
            if let Some(label) = label_in_tree(stat, root, &stats) {
                memory.add(label, stat.pid).ok();
            }
        }
        memory
    }

    /// Returns the memory of the processes of a kind; nothing if there are none.
    pub(crate) fn of(&self, label: &str) -> KindMemory {
        self.0.get(label).copied().unwrap_or_default()
    }

    fn add(&mut self, label: String, pid: i32) -> Result<()> {
        let process = Process::new(pid)?;
        let status = process.status()?;
        let resident = if label == Usage::POSTGRESQL {
            let maps = process.smaps_rollup()?.memory_map_rollup;
            let bytes: u64 = maps.iter().filter_map(|map| map.extension.map.get("Pss")).sum();
            bytes / 1024
        } else {
            status.vmrss.context("a process has ended")?
        };
        let kind = self.0.entry(label).or_default();
        kind.resident += mebibytes(resident)?;
        kind.largest = kind.largest.max(mebibytes(resident)?);
        kind.peak = kind.peak.max(mebibytes(status.vmhwm.context("a process has ended")?)?);
        Ok(())
    }
}

/// Returns the label of the root's child that a process is or descends from, or the root's own.
fn label_in_tree(stat: &Stat, root: i32, all: &[Stat]) -> Option<String> {
    let mut stat = stat;
    loop {
        if stat.pid == root {
            return Some(Usage::ROOT.to_owned());
        }
        if stat.ppid == root {
            return Some(label(stat));
        }
        stat = all.iter().find(|parent| parent.pid == stat.ppid)?;
    }
}

fn mebibytes(kibibytes: u64) -> Result<f64> {
    Ok(f64::from(u32::try_from(kibibytes)?) / 1024.0)
}
