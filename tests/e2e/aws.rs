//! The steps of a proof in a real AWS account. `scripts/proof` runs it; [`crate::proof`] has the steps.
//!
//! It names the account and the price, and asks for consent before anything is created. Whether the steps succeed, fail
//! or are interrupted, the stack is destroyed and its remains are listed.

#![expect(dead_code, reason = "parts of the shared modules are for the emulated account only")]

mod client;
mod product_view;
mod proof;
mod records;
mod report;
mod state;
mod sweep;
mod terraform;

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use pipegen::session::Session;
use serde_json::{Value, json};
use uuid::Uuid;

use client::Client;
use proof::{ProofAccount, prove};
use report::Report;
use state::State;
use terraform::{Stack, StackOptions};

/// Applies the throwaway preset in an AWS account, uses it, plans it again, destroys it and looks for what is left.
#[derive(Parser)]
#[command(name = "scripts/proof")]
struct Arguments {
    /// The built `pipegen`.
    #[arg(long, value_name = "PATH", hide = true)]
    pipegen: PathBuf,
    /// The bootstrap to apply; `scripts/proof` builds one.
    #[arg(long, value_name = "PATH", hide = true)]
    bootstrap: PathBuf,
    /// The folder of rendered files, Terraform's state and the report; each proof has a folder of its own in it.
    #[arg(long, value_name = "DIR", default_value = "target/proof")]
    out: PathBuf,
    /// Does not ask for consent.
    #[arg(long)]
    yes: bool,
}

/// A real account.
struct Aws;

impl ProofAccount for Aws {
    const VISIBLE_WITHIN: Duration = Duration::from_mins(12);
    /// Lambda's network interfaces are the last to be removed.
    const GONE_WITHIN: Duration = Duration::from_mins(45);

    async fn catalog_url(&self, state: &State) -> Result<String> {
        state.attribute("aws_lambda_function_url.catalog", "function_url")
    }

    /// The schedules fire by themselves, and the logins were rotated when they were applied.
    async fn in_use(&self) -> Result<()> {
        Ok(())
    }

    async fn interrupted(&self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[tokio::main]
#[expect(clippy::print_stderr, reason = "a program for the terminal")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "a program for the terminal")]
async fn run(arguments: &Arguments) -> Result<()> {
    let client = Client::new(None)?;
    let caller = client.call_one("sts", "get_caller_identity", json!({}), "@").await;
    let caller = caller.context(
        "AWS does not accept the credentials (set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)",
    )?;
    let suffix: String = Uuid::new_v4().simple().to_string().chars().take(6).collect();
    let environment = format!("proof-{suffix}");
    let folder = arguments.out.join(&environment);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;

    let session = Session::open(None)?;
    let stack = Stack::new(StackOptions {
        root: folder.canonicalize()?,
        environment: environment.clone(),
        program: absolute(&arguments.pipegen)?,
        bootstrap: absolute(&arguments.bootstrap)?,
        client: client.clone(),
        supervisor: Arc::clone(&session.supervisor),
        logs: &folder,
    })?;
    stack.render("").await?;
    let cost = stack.cost().await?;
    let hourly = cost["fixed"]["subtotal"].as_f64().context("`pipegen cost` names the fixed cost")? / 730.0;
    announce(&caller, &environment, &cost, hourly)?;
    if !arguments.yes {
        ask()?;
    }

    eprintln!("If this is killed, run: terraform -chdir={} destroy", stack.folder.display());
    let mut report = Report::new(format!("A proof: {environment}"), folder.join("report.md"), hourly);
    let outcome = prove(&client, &stack, &Aws, &mut report).await;
    eprintln!("The report is in {}", report.file().display());
    let closed = session.close().await;
    outcome.and(closed)
}

#[expect(clippy::print_stderr, reason = "a program for the terminal")]
fn announce(caller: &Value, environment: &str, cost: &Value, hourly: f64) -> Result<()> {
    let [account, arn] = ["Account", "Arn"].map(|name| caller[name].as_str());
    let (account, arn) = account.zip(arn).context("AWS names the caller's account and ARN")?;
    let total = cost["total"].as_f64().context("`pipegen cost` names a total")?;
    eprintln!(
        "The environment {environment} will be applied in account {account}, us-east-1, as {arn}, used and destroyed.\n\
         It takes about an hour, most of it waiting for AWS, and costs about ${hourly:.2} an hour as long as it exists; the\n\
         database is billed for ten minutes at least. A month of it would be ${total:.2}."
    );
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a program for the terminal")]
fn ask() -> Result<()> {
    ensure!(io::stdin().is_terminal(), "cannot ask for consent, since standard input is not a terminal: give `--yes`");
    eprint!("Continue? [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if !matches!(answer.trim(), "y" | "Y" | "yes") {
        bail!("nothing was created");
    }
    Ok(())
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize().with_context(|| format!("{} does not exist", path.display()))
}
