//! The steps of a proof in an AWS account that is emulated on loopback: Terraform, its provider, PostgreSQL, Redis and the bootstrap are
//! real ones. `scripts/e2e` runs it. [`crate::proof`] has the steps; what is here besides can be asked of an emulated account only.
//!
//! - [`proof`], [`report`]: the steps, and what is told of them
//! - [`terraform`], [`state`]: the rendered folder, Terraform in it, and what Terraform knows
//! - [`client`]: calls to the account
//! - [`records`]: the events that are sent
//! - [`sweep`]: what is in the account
//! - [`world`]: all that a run in the emulated account needs
//! - [`account`]: the emulated account; `emulator/` is its Python half
//! - [`functions`]: runs functions as the account asks
//! - [`servers`]: makes the real servers what the emulated ones claim to be
//! - [`local`]: `pipegen local --applied`, which reads the stream and answers at the catalog's URL
//! - [`usage`], [`logins`], [`buckets`]: the stack in use, and what is hard to remove
//! - [`calls`]: what functions may call and do call

mod account;
mod buckets;
mod calls;
mod client;
mod functions;
mod local;
mod logins;
mod proof;
mod records;
mod report;
mod servers;
mod state;
mod sweep;
mod terraform;
mod usage;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use pipegen_contract::database::Access;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::process::Command;
use tokio::sync::Mutex;

use client::TESTS_KEY;
use local::Local;
use logins::Login;
use proof::{Host, prove};
use report::Report;
use servers::Reach;
use state::State;
use sweep::listed_services;
use terraform::{Stack, TERRAFORM_KEY};
use world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_is_applied_used_planned_again_and_destroyed() -> Result<()> {
    let world = World::open().await?;
    let outcome = run(&world).await;
    let closed = world.close().await;
    outcome.and(closed)
}

async fn run(world: &World) -> Result<()> {
    says_the_price_and_asks(world).await?;
    world.stack.render("").await?;
    let cost = world.stack.cost().await?;
    let hourly = cost["fixed"]["subtotal"].as_f64().context("what stands has a price")? / 730.0;
    let mut report = Report::new("A proof in an emulated account".to_owned(), world.logs.join("report.md"), hourly);
    let host = Emulated { world, main: world.stack.rendered()?, local: Mutex::default() };
    prove(&world.account.client, &world.stack, &host, &mut report).await?;
    let told = fs::read_to_string(report.file())?;
    ensure!(told.contains("| sweep: nothing is left |") && told.contains("Nothing was refused."), "{told}");
    answers_without_fault(world)?;
    world.account.hold_to_models().await
}

/// The program for a real account says whose account it is and what it costs, and makes nothing unless somebody agrees.
async fn says_the_price_and_asks(world: &World) -> Result<()> {
    let program = std::env::var_os("PIPEGEN_PROOF").context("PIPEGEN_PROOF names no program: run scripts/e2e")?;
    let out = tempfile::tempdir()?;
    let mut command = Command::new(program);
    world.account.client.lead(&mut command, TESTS_KEY);
    command.args(["--pipegen", env!("CARGO_BIN_EXE_pipegen"), "--bootstrap"]).arg(world::bootstrap()?);
    command.arg("--out").arg(out.path()).stdin(Stdio::null());
    let output = command.output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = ["account 123456789012", "an hour as long as it stands", "nobody is there to be asked"];
    ensure!(!output.status.success() && expected.iter().all(|words| said.contains(words)), "{said}");
    let called: BTreeSet<_> = world.account.recorded()?.into_iter().map(|call| call.action).collect();
    ensure!(called == BTreeSet::from(["GetCallerIdentity".to_owned()]), "it has called {called:?}");
    Ok(())
}

/// The emulated account, and what runs there by the tests' hand.
struct Emulated<'a> {
    world: &'a World,
    /// As rendered first.
    main: Value,
    local: Mutex<Option<Local>>,
}

impl Host for Emulated<'_> {
    const LONGEST: Duration = Duration::from_mins(1);
    const LISTED: Duration = Duration::ZERO;

    async fn before_apply(&self, stack: &Stack) -> Result<()> {
        let Self { world, main, .. } = self;
        fit_to_emulator(stack, &world.reach)?;
        let master = main["resource"]["aws_db_instance"]["catalog"]["username"].as_str().context("a master login")?;
        servers::create_master(&world.servers, &world.reach, master, &world.master_password).await?;
        servers::create_cache_users(&world.servers, main).await
    }

    async fn applied(&self, _: &State) -> Result<()> {
        every_service_is_listed(self.world)?;
        is_migrated(self.world).await
    }

    async fn catalog_url(&self, _: &State) -> Result<String> {
        let local = self.world.local().await?;
        let url = local.catalog_url();
        *self.local.lock().await = Some(local);
        Ok(url)
    }

    async fn in_use(&self) -> Result<()> {
        usage::database_shows(self.world, &records::views(0)).await?;
        usage::redis_holds(self.world, &records::views(0)[0]).await?;
        usage::run_schedules(self.world).await?;
        usage::rotate_logins(self.world).await
    }

    /// Has `pipegen local` finish what it has read, instead of waiting for the archive's window.
    async fn finish(&self, state: &State) -> Result<()> {
        let local = self.local.lock().await.take().context("the stack is running")?;
        let summary = local.stop().await?;
        let discarded = [&summary["discarded"], &summary["archive"]["discarded"]];
        ensure!(discarded.iter().all(|count| **count == 0), "records were given up: {summary}");
        let errors = summary["errors_by_function"].as_object();
        ensure!(errors.is_none_or(|errors| errors.values().all(|count| *count == 0)), "functions failed: {summary}");
        usage::database_shows(self.world, &records::views(1)).await?;
        calls::are_those_of_the_table(&self.world.account.recorded()?, state)
    }

    async fn planned(&self, _: &Stack) -> Result<()> {
        changes_what_it_touches(self.world, &self.main).await
    }

    async fn before_destroy(&self, _: &Stack, state: &State) -> Result<()> {
        no_credential_is_kept(self.world).await?;
        buckets::fill(&self.world.account.client, state, &self.main).await
    }
}

/// Fits the stack to the emulated account, in a file of its own: what is rendered is applied as it is. Only the ports differ
/// from AWS, since the servers of a test take what is free.
fn fit_to_emulator(stack: &Stack, reach: &Reach) -> Result<()> {
    let overrides = json!({
        "provider": { "aws": {
            "skip_credentials_validation": true,
            "skip_metadata_api_check": true,
            "s3_use_path_style": true,
            // An error of the emulator's is no reason to wait.
            "max_retries": 2,
        }},
        "resource": {
            "aws_db_instance": { "catalog": { "port": reach.database_port } },
            "aws_elasticache_replication_group": { "views": { "port": reach.cache_port } },
        },
    });
    fs::write(stack.folder.join("emulator_override.tf.json"), overrides.to_string())?;
    Ok(())
}

/// The schema is there, and each secret holds a login that works.
async fn is_migrated(world: &World) -> Result<()> {
    let mut admin = PgConnection::connect(&world.servers.database_url).await?;
    let tables =
        "select count(*) from pg_tables where tablename in ('product', 'offer', 'ledger') and tableowner <> $1";
    let superuser = &world.servers.database.master.username;
    let tables: i64 = sqlx::query_scalar(tables).bind(superuser).fetch_one(&mut admin).await?;
    ensure!(tables == 3, "migrate has not made the tables as the master login");
    let logins = logins::all(&world.account.client).await?;
    for access in Access::ALL {
        let held = logins.values().filter(|login| access.logins().contains(&login.username.as_str())).count();
        ensure!(held == 1, "{held} secrets hold a login for {}", access.role());
    }
    for (secret, login) in &logins {
        login.works(world).await.with_context(|| format!("the login in {secret}"))?;
    }
    Ok(())
}

/// Another setting plans as updates in place of what is rendered otherwise, and of nothing else.
async fn changes_what_it_touches(world: &World, main: &Value) -> Result<()> {
    world.stack.render("log_retention_days = 30\n").await?;
    let touched = touched(main, &world.stack.rendered()?);
    ensure!(!touched.is_empty(), "the setting changes nothing that is rendered");
    let changes = world.stack.plan().await?;
    ensure!(
        changes.values().all(|change| change.actions == ["update"]),
        "the plan does more than update: {changes:#?}"
    );
    let planned: BTreeMap<_, _> = changes.into_iter().map(|(address, change)| (address, change.attributes)).collect();
    ensure!(planned == touched, "rendered otherwise: {touched:#?}\nplanned: {planned:#?}");
    world.stack.render("").await
}

/// The resources that are rendered otherwise, with the attributes that are.
fn touched(before: &Value, after: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut touched = BTreeMap::new();
    for (kind, resources) in after["resource"].as_object().into_iter().flatten() {
        for (label, resource) in resources.as_object().into_iter().flatten() {
            let old = &before["resource"][kind][label];
            let other = |(name, value): (&String, &Value)| (*value != old[name]).then(|| name.clone());
            let attributes: BTreeSet<_> = resource.as_object().into_iter().flatten().filter_map(other).collect();
            if !attributes.is_empty() {
                touched.insert(format!("{kind}.{label}"), attributes);
            }
        }
    }
    touched
}

/// Neither the rendered files nor Terraform's state hold a password.
async fn no_credential_is_kept(world: &World) -> Result<()> {
    let logins = logins::all(&world.account.client).await?;
    for entry in fs::read_dir(&world.stack.folder)? {
        let path = entry?.path();
        let bytes = if path.is_file() { fs::read(&path)? } else { continue };
        for (secret, Login { password, .. }) in &logins {
            let found = bytes.windows(password.len()).any(|window| window == password.as_bytes());
            ensure!(!found, "{} holds the password in {secret}", path.display());
        }
    }
    Ok(())
}

/// Every service in which Terraform has made something is listed at the end.
fn every_service_is_listed(world: &World) -> Result<()> {
    let recorded = world.account.recorded()?;
    let called: BTreeSet<_> =
        recorded.iter().filter(|call| call.key == TERRAFORM_KEY).map(|call| call.service.as_str()).collect();
    let listed = listed_services().into_iter().chain(["sts"]).collect();
    let missed: Vec<_> = called.difference(&listed).collect();
    ensure!(missed.is_empty(), "Terraform also makes resources in {missed:?}, which nothing lists");
    Ok(())
}

/// The emulator lacked nothing: Terraform repeats a call that fails, so that a whole run alone would not tell.
fn answers_without_fault(world: &World) -> Result<()> {
    let faults: Vec<_> = world.account.recorded()?.into_iter().filter(|call| call.status >= 500).collect();
    ensure!(faults.is_empty(), "the emulator failed at {faults:#?}");
    Ok(())
}
