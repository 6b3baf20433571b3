//! The time of `pipegen render` with a built bootstrap.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::inputs::Inputs;
use crate::results::{Benchmark, Group, Target};
use crate::rounds::interleaved;

pub(super) const NAME: &str = "render";
pub(super) const TITLE: &str = "`pipegen render --bootstrap`, by number of suppliers";
const MEANING: &str = "The whole process: settings read, the stack declared and checked, the bootstrap read, checked \
    and hashed, `main.tf.json` compared and written. The folder has the zip already, as it does whenever only \
    settings have changed; the first run, into a new folder, also packs it. Each supplier is a role with a policy, \
    which the stack is checked to have.";

/// The runs for each number of suppliers.
const RUNS: usize = 50;
const SUPPLIERS: [usize; 3] = [0, 10, 50];

pub(super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let folder = tempfile::tempdir()?;
    for suppliers in SUPPLIERS {
        let account = |number| format!("supplier-{number:02} = \"arn:aws:iam::1111222233{number:02}:root\"\n");
        let accounts: String = (0..suppliers).map(account).collect();
        let settings = format!("[environments.staging.suppliers]\n{accounts}");
        fs::write(folder.path().join(format!("{suppliers}.toml")), settings)?;
    }
    let run = |suppliers: &usize| {
        let out = folder.path().join(suppliers.to_string());
        let started = Instant::now();
        render(inputs, &out, Some(&folder.path().join(format!("{suppliers}.toml"))))?;
        Ok((started.elapsed().as_secs_f64() * 1e3, roles(&out)?))
    };
    let first = interleaved(1, &SUPPLIERS, NAME, run)?;
    let measured = interleaved(inputs.size(RUNS, 2), &SUPPLIERS, NAME, run)?;

    let mut times = Group::new("a run, median", "ms");
    let mut least = Group::new("a run, the fastest", "ms");
    let mut packing = Group::new("the first run", "ms");
    let own_roles = first[0][0].1;
    for ((suppliers, runs), first) in SUPPLIERS.into_iter().zip(measured).zip(first) {
        let all_declared = runs.iter().all(|(_, roles)| *roles == own_roles + suppliers);
        ensure!(all_declared, "the stack lacks roles of the {suppliers} suppliers");
        let name = format!("{suppliers} suppliers");
        let milliseconds: Vec<f64> = runs.into_iter().map(|(time, _)| time).collect();
        least = least.with(&name, vec![milliseconds.iter().copied().fold(f64::INFINITY, f64::min)]);
        times = times.with(&name, milliseconds);
        packing = packing.with(&name, first.into_iter().map(|(time, _)| time).collect());
    }
    let reference = "0 suppliers";
    // The one target that is a time: of the machine on which it was set.
    let targets = vec![Target::at_most("ms of a run, median", 27.0, times.row(reference).median)];
    let plot = times.bars();
    let groups = vec![times.beside(reference), least.beside(reference), packing];
    Ok(Benchmark { name: NAME, title: TITLE, meaning: MEANING, groups, targets, plot })
}

/// Renders the staging stack into a folder below this one.
pub(super) fn render(inputs: &Inputs, out: &Path, settings: Option<&Path>) -> Result<()> {
    let mut command = Command::new(&inputs.pipegen);
    command.args(["render", "--env", "staging", "--bootstrap"]).arg(&inputs.bootstrap).arg("--out").arg(out);
    if let Some(settings) = settings {
        command.arg("--config").arg(settings);
    }
    // A folder without a `pipegen.toml` of its own.
    fs::create_dir_all(out)?;
    let status = command.current_dir(out).stdout(Stdio::null()).stderr(Stdio::null()).status();
    ensure!(status.context("cannot start pipegen")?.success(), "`render` failed");
    Ok(())
}

/// Counts the roles in the rendered stack.
fn roles(out: &Path) -> Result<usize> {
    let main: Value = serde_json::from_slice(&fs::read(out.join("staging/main.tf.json"))?)?;
    Ok(main["resource"]["aws_iam_role"].as_object().context("a stack has roles")?.len())
}
