//! The stack, applied, used, planned again and destroyed for real: Terraform, its provider, PostgreSQL, Redis and the bootstrap are
//! real ones, the AWS account is emulated on loopback. `scripts/e2e` runs it.
//!
//! - [`world`]: all that a run needs
//! - [`account`]: the emulated account; `emulator/` is its Python half
//! - [`functions`]: runs functions as the account asks
//! - [`servers`]: makes the real servers what the emulated ones claim to be
//! - [`terraform`], [`state`]: the rendered folder, Terraform in it, and what Terraform knows
//! - [`usage`]: the stack in use, by [`local`] (`pipegen local --applied`) with [`records`] and [`logins`]
//! - [`calls`]: what functions may call and do call
//! - [`buckets`], [`sweep`]: what is hard to remove, and what is left
//! - [`steps`]: what is said meanwhile

mod account;
mod buckets;
mod calls;
mod functions;
mod local;
mod logins;
mod records;
mod servers;
mod state;
mod steps;
mod sweep;
mod terraform;
mod usage;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, Result, ensure};
use pipegen_contract::database::Access;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use logins::Login;
use state::State;
use steps::Steps;
use sweep::Inventory;
use world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_is_applied_used_planned_again_and_destroyed() -> Result<()> {
    let mut steps = Steps::begin();
    steps.next("servers and the emulated account");
    let world = World::open().await?;
    let outcome = run(&world, &mut steps).await;
    steps.next("everything is stopped");
    let closed = world.close().await;
    steps.end();
    outcome.and(closed)
}

async fn run(world: &World, steps: &mut Steps) -> Result<()> {
    steps.next("pipegen render, terraform init");
    world.stack.render("").await?;
    let main = world.stack.rendered()?;
    world.stack.fit_to(&world.reach)?;
    let master = main["resource"]["aws_db_instance"]["catalog"]["username"].as_str().context("a master login")?;
    servers::create_master(&world.servers, &world.reach, master, &world.master_password).await?;
    servers::create_cache_users(&world.servers, &main).await?;
    let before = Inventory::take(&world.account).await?;
    world.stack.init().await?;

    steps.next("terraform apply, with migrate and the first rotations");
    world.stack.apply().await?;
    Inventory::take(&world.account).await?.shows_the_stack(&before, &world.account)?;
    let state = world.stack.state().await?;
    is_migrated(world).await?;

    steps.next("pipegen local --applied: the stack in use");
    usage::use_it(world, &state).await?;
    calls::are_those_of_the_table(&world.account.recorded()?, &state)?;

    steps.next("terraform plan: nothing is left to do");
    let changes = world.stack.plan().await?;
    ensure!(changes.is_empty(), "a second plan changes {changes:#?}");

    steps.next("terraform plan with another setting");
    changes_what_it_touches(world, &main).await?;

    steps.next("terraform destroy, with full buckets");
    no_credential_is_kept(world).await?;
    buckets::fill(&world.account, &state, &main).await?;
    world.stack.destroy().await?;
    is_gone(world, &before, &state).await?;
    answers_without_fault(world)
}

/// The schema is there, and each secret holds a login that works.
async fn is_migrated(world: &World) -> Result<()> {
    let mut admin = PgConnection::connect(&world.servers.database_url).await?;
    let tables =
        "select count(*) from pg_tables where tablename in ('product', 'offer', 'ledger') and tableowner <> $1";
    let superuser = &world.servers.database.master.username;
    let tables: i64 = sqlx::query_scalar(tables).bind(superuser).fetch_one(&mut admin).await?;
    ensure!(tables == 3, "migrate has not made the tables as the master login");
    let logins = logins::all(&world.account).await?;
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
    world.stack.render("[environments.staging]\nlog_retention_days = 30\n").await?;
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
    let logins = logins::all(&world.account).await?;
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

/// Nothing is left of the stack but what AWS itself cannot remove at once.
async fn is_gone(world: &World, before: &Inventory, state: &State) -> Result<()> {
    let key = state.attribute("aws_kms_key.main", "key_id")?;
    let status = world.account.call_one("kms", "describe_key", json!({"KeyId": key}), "KeyMetadata.KeyState").await?;
    ensure!(status == "PendingDeletion", "the key is {status}");
    let after = Inventory::take(&world.account).await?;
    // It is listed until its last day, with its tags.
    let arn = state.attribute("aws_kms_key.main", "arn")?;
    let pending = [format!("kms list_keys: {key}"), format!("resourcegroupstaggingapi get_resources: {arn}")];
    let left: Vec<_> = after.since(before).into_iter().filter(|name| !pending.iter().any(|key| key == name)).collect();
    ensure!(left.is_empty(), "these are left:\n  {}", left.join("\n  "));
    Ok(())
}

/// The emulator lacked nothing: Terraform repeats a call that fails, so that a whole run alone would not tell.
fn answers_without_fault(world: &World) -> Result<()> {
    let faults: Vec<_> = world.account.recorded()?.into_iter().filter(|call| call.status >= 500).collect();
    ensure!(faults.is_empty(), "the emulator failed at {faults:#?}");
    Ok(())
}
