//! The steps of a proof in an AWS account that is emulated on loopback, with the real Terraform, its provider,
//! PostgreSQL, Redis and the bootstrap. `scripts/e2e` runs it. [`crate::proof`] has the steps; the checks here are
//! possible in an emulated account only.
//!
//! - [`proof`], [`report`]: the steps and their report
//! - [`terraform`], [`state`]: Terraform in the rendered folder, and its state
//! - [`client`]: calls to the account
//! - [`records`], [`product_view`]: the events that are sent, and the views that are expected
//! - [`sweep`]: lists of the account's resources
//! - [`fixture`]: servers, emulated account and stack of the test
//! - [`account`]: the emulated account; `emulator/` is its Python half
//! - [`functions`]: runs the functions that the account invokes
//! - [`servers`]: logins and users that RDS and ElastiCache would create
//! - [`local`]: `pipegen local --applied`, which reads the stream and serves the catalog's URL
//! - [`usage`], [`logins`], [`buckets`]: the stack in use, and objects that are hard to remove
//! - [`ingest`]: events that are sent over HTTPS
//! - [`calls`]: the calls that functions may make and do make

mod account;
mod buckets;
mod calls;
mod client;
mod fixture;
mod functions;
mod ingest;
mod local;
mod logins;
mod product_view;
mod proof;
mod records;
mod report;
mod servers;
mod state;
mod sweep;
mod terraform;
mod usage;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use pipegen_contract::database::Access;
use pipegen_contract::role::Role;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::process::Command;
use tokio::sync::Mutex;

use client::{Client, TESTS_KEY};
use fixture::Fixture;
use local::LocalProcess;
use logins::DatabaseLogin;
use proof::{ProofAccount, prove};
use records::Record;
use report::Report;
use servers::ServerEndpoints;
use state::State;
use sweep::listed_services;
use terraform::{Stack, TERRAFORM_KEY};

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_is_applied_used_planned_again_and_destroyed() -> Result<()> {
    let fixture = Fixture::open().await?;
    let outcome = run(&fixture).await;
    let closed = fixture.close().await;
    outcome.and(closed)
}

async fn run(fixture: &Fixture) -> Result<()> {
    says_the_price_and_asks(fixture).await?;
    fixture.stack.render(SETTINGS).await?;
    let cost = fixture.stack.cost().await?;
    let hourly = cost["fixed"]["subtotal"].as_f64().context("the resources have a price")? / 730.0;
    let mut report = Report::new("A proof in an emulated account".to_owned(), fixture.logs.join("report.md"), hourly);
    let host = Emulated { fixture, main: fixture.stack.rendered()?, local: Mutex::default() };
    prove(&fixture.account.client, &fixture.stack, &host, &mut report).await?;
    let text = fs::read_to_string(report.file())?;
    ensure!(text.contains("| sweep: nothing is left |") && text.contains("No step failed."), "{text}");
    answers_without_fault(fixture)?;
    fixture.account.check_against_models().await
}

/// Checks that the program for a real account names the account and the price, and creates nothing without consent.
async fn says_the_price_and_asks(fixture: &Fixture) -> Result<()> {
    let program = std::env::var_os("PIPEGEN_PROOF").context("PIPEGEN_PROOF is not set: run scripts/e2e")?;
    let out = tempfile::tempdir()?;
    let mut command = Command::new(program);
    fixture.account.client.configure(&mut command, TESTS_KEY);
    command.args(["--pipegen", env!("CARGO_BIN_EXE_pipegen"), "--bootstrap"]).arg(fixture::bootstrap()?);
    command.arg("--out").arg(out.path()).stdin(Stdio::null());
    let output = command.output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = ["account 123456789012", "an hour as long as it exists", "cannot ask for consent"];
    ensure!(!output.status.success() && expected.iter().all(|words| said.contains(words)), "{said}");
    let called: BTreeSet<_> = fixture.account.recorded()?.into_iter().map(|call| call.action).collect();
    ensure!(called == BTreeSet::from(["GetCallerIdentity".to_owned()]), "it has called {called:?}");
    Ok(())
}

/// Settings with something for every part of the stack to do. Of the products, one crosses the limit: when the second
/// records come, it has one item more than that.
const SETTINGS: &str = r#"
suppliers = { acme = "arn:aws:iam::123456789012:root", other = "arn:aws:iam::123456789012:root" }
low_stock = { default = 105 }
low_stock_email = "buyers@example.com"
"#;

/// The emulated account, with `pipegen local` in the place of Lambda's event source mappings.
struct Emulated<'a> {
    fixture: &'a Fixture,
    /// `main.tf.json` as it is applied.
    main: Value,
    local: Mutex<Option<LocalProcess>>,
}

impl ProofAccount for Emulated<'_> {
    const VISIBLE_WITHIN: Duration = Duration::from_mins(1);
    const GONE_WITHIN: Duration = Duration::ZERO;

    async fn before_apply(&self, stack: &Stack) -> Result<()> {
        let Self { fixture, main, .. } = self;
        fit_to_emulator(stack, &fixture.endpoints)?;
        let master = main["resource"]["aws_db_instance"]["catalog"]["username"].as_str().context("a master login")?;
        servers::create_master(&fixture.servers, &fixture.endpoints, master, &fixture.master_password).await?;
        servers::create_cache_users(&fixture.servers, main).await
    }

    async fn applied(&self, _: &State) -> Result<()> {
        every_service_is_listed(self.fixture)?;
        is_migrated(self.fixture).await
    }

    async fn catalog_url(&self, _: &State) -> Result<String> {
        let local = self.fixture.local().await?;
        let url = local.url(Role::Catalog)?;
        *self.local.lock().await = Some(local);
        Ok(url)
    }

    /// Sends them over HTTPS, as one supplier, and nothing else gets through.
    async fn send(&self, client: &Client, _: &State, records: &[Record]) -> Result<()> {
        let url = self.local.lock().await.as_ref().context("the stack is running")?.url(Role::Ingest)?;
        ingest::refuses_others(client, &url, records).await?;
        ingest::accepts(&url, records).await
    }

    async fn in_use(&self) -> Result<()> {
        usage::database_shows(self.fixture, &records::views(0)).await?;
        usage::redis_holds(self.fixture, &records::views(0)[0]).await?;
        usage::run_schedules(self.fixture).await?;
        usage::rotate_logins(self.fixture).await
    }

    /// Stops `pipegen local`, which finishes what it has read, instead of waiting for the archive's window.
    async fn finish(&self, state: &State) -> Result<()> {
        let local = self.local.lock().await.take().context("the stack is running")?;
        let summary = local.stop().await?;
        let discarded = [&summary["discarded"], &summary["archive"]["discarded"]];
        ensure!(discarded.iter().all(|count| **count == 0), "records were discarded: {summary}");
        let errors = summary["errors_by_function"].as_object();
        ensure!(errors.is_none_or(|errors| errors.values().all(|count| *count == 0)), "functions failed: {summary}");
        usage::database_shows(self.fixture, &records::views(1)).await?;
        usage::tells_the_crossing(self.fixture, state).await?;
        calls::are_those_of_the_table(&self.fixture.account.recorded()?, state)
    }

    async fn planned(&self, _: &Stack) -> Result<()> {
        changes_what_it_touches(self.fixture, &self.main).await
    }

    async fn before_destroy(&self, _: &Stack, state: &State) -> Result<()> {
        no_credential_is_kept(self.fixture).await?;
        buckets::fill(&self.fixture.account.client, state, &self.main).await
    }
}

/// Writes an override file that fits the stack to the emulated account, so that the rendered file is applied as it is.
/// Only the ports differ from AWS, since the servers of a test listen on free ones.
fn fit_to_emulator(stack: &Stack, endpoints: &ServerEndpoints) -> Result<()> {
    let overrides = json!({
        "provider": { "aws": {
            "skip_credentials_validation": true,
            "skip_metadata_api_check": true,
            "s3_use_path_style": true,
            // Waiting does not mend an error of the emulator.
            "max_retries": 2,
        }},
        "resource": {
            "aws_db_instance": { "catalog": { "port": endpoints.database_port } },
            "aws_elasticache_replication_group": { "views": { "port": endpoints.cache_port } },
        },
    });
    fs::write(stack.folder.join("emulator_override.tf.json"), overrides.to_string())?;
    Ok(())
}

/// Checks that the schema exists and that each secret holds a login that works.
async fn is_migrated(fixture: &Fixture) -> Result<()> {
    let mut admin = PgConnection::connect(&fixture.servers.database_url).await?;
    let tables =
        "select count(*) from pg_tables where tablename in ('product', 'offer', 'ledger') and tableowner <> $1";
    let superuser = &fixture.servers.database.master.username;
    let tables: i64 = sqlx::query_scalar(tables).bind(superuser).fetch_one(&mut admin).await?;
    ensure!(tables == 3, "migrate has not created the tables as the master login");
    let logins = logins::all(&fixture.account.client).await?;
    for access in Access::ALL {
        let held = logins.values().filter(|login| access.logins().contains(&login.username.as_str())).count();
        ensure!(held == 1, "{held} secrets hold a login for {}", access.role());
    }
    for (secret, login) in &logins {
        login.works(fixture).await.with_context(|| format!("the login in {secret}"))?;
    }
    Ok(())
}

/// Checks that another setting plans as updates in place of the attributes that are rendered differently, and of
/// nothing else.
async fn changes_what_it_touches(fixture: &Fixture, main: &Value) -> Result<()> {
    fixture.stack.render(&format!("log_retention_days = 30\n{SETTINGS}")).await?;
    let touched = touched(main, &fixture.stack.rendered()?);
    ensure!(!touched.is_empty(), "the setting changes nothing that is rendered");
    let changes = fixture.stack.plan().await?;
    ensure!(
        changes.values().all(|change| change.actions == ["update"]),
        "the plan does more than update: {changes:#?}"
    );
    let planned: BTreeMap<_, _> = changes.into_iter().map(|(address, change)| (address, change.attributes)).collect();
    ensure!(planned == touched, "rendered differently: {touched:#?}\nplanned: {planned:#?}");
    fixture.stack.render(SETTINGS).await
}

/// Returns the resources and attributes that are rendered differently.
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

/// Checks that neither the rendered files nor Terraform's state hold a password.
async fn no_credential_is_kept(fixture: &Fixture) -> Result<()> {
    let logins = logins::all(&fixture.account.client).await?;
    for entry in fs::read_dir(&fixture.stack.folder)? {
        let path = entry?.path();
        let bytes = if path.is_file() { fs::read(&path)? } else { continue };
        for (secret, DatabaseLogin { password, .. }) in &logins {
            let found = bytes.windows(password.len()).any(|window| window == password.as_bytes());
            ensure!(!found, "{} holds the password in {secret}", path.display());
        }
    }
    Ok(())
}

/// Checks that the sweep lists every service in which Terraform has created something.
fn every_service_is_listed(fixture: &Fixture) -> Result<()> {
    let recorded = fixture.account.recorded()?;
    let called: BTreeSet<_> =
        recorded.iter().filter(|call| call.key == TERRAFORM_KEY).map(|call| call.service.as_str()).collect();
    let listed = listed_services().into_iter().chain(["sts"]).collect();
    let missed: Vec<_> = called.difference(&listed).collect();
    ensure!(missed.is_empty(), "Terraform also creates resources in {missed:?}, which the sweep does not list");
    Ok(())
}

/// Checks that the emulator has never failed: Terraform retries a call that fails, so a complete run alone does not
/// show it.
fn answers_without_fault(fixture: &Fixture) -> Result<()> {
    let faults: Vec<_> = fixture.account.recorded()?.into_iter().filter(|call| call.status >= 500).collect();
    ensure!(faults.is_empty(), "the emulator failed on {faults:#?}");
    Ok(())
}
