//! The statistics of the servers and the functions about a run.

use std::ffi::OsStr;

use anyhow::{Context as _, Result};
use procfs::process::{Process, all_processes};
use sqlx::PgConnection;

use super::deployed::Deployed;

/// A statement in PostgreSQL, or a command in Redis.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) name: String,
    pub(super) calls: f64,
    pub(super) seconds: f64,
}

/// The characters that are shown of a statement's beginning and of its end.
const SHOWN: (usize, usize) = (40, 30);

/// Forgets what the servers have counted.
pub(super) async fn reset(deployed: &Deployed) -> Result<()> {
    sqlx::raw_sql("select pg_stat_statements_reset()").execute(&mut deployed.administrator().await?).await?;
    let mut cache = redis::Client::open(&*deployed.servers.cache_url)?.get_multiplexed_async_connection().await?;
    Ok(redis::cmd("CONFIG").arg("RESETSTAT").query_async(&mut cache).await?)
}

/// Returns the statements since the reset but those that frame a transaction, the slowest first.
pub(super) async fn statements(connection: &mut PgConnection) -> Result<Vec<Called>> {
    let ask = "select query, sum(calls)::float8, sum(total_exec_time)::float8 / 1000 from pg_stat_statements
               where toplevel and query !~* 'pg_stat_statements|^\\s*(begin|commit|rollback|set|show)\\M'
               group by query order by 3 desc";
    let rows: Vec<(String, f64, f64)> = sqlx::query_as(ask).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(query, calls, seconds)| Called { name: shortened(&query), calls, seconds }).collect())
}

/// Returns the commands since the reset.
pub(super) async fn commands(cache_url: &str) -> Result<Vec<Called>> {
    let mut cache = redis::Client::open(cache_url)?.get_multiplexed_async_connection().await?;
    let text: String = redis::cmd("INFO").arg("commandstats").query_async(&mut cache).await?;
    let commands = text.lines().filter_map(command).filter(|command| !command.name.starts_with("config"));
    Ok(commands.collect())
}

/// Reads a line like `cmdstat_evalsha:calls=2,usec=81,usec_per_call=40.50,…`.
fn command(line: &str) -> Option<Called> {
    let (name, fields) = line.strip_prefix("cmdstat_")?.split_once(':')?;
    let field = |wanted: &str| {
        let mut fields = fields.split(',').filter_map(|field| field.split_once('='));
        fields.find(|(name, _)| *name == wanted)?.1.parse::<f64>().ok()
    };
    Some(Called { name: name.to_owned(), calls: field("calls")?, seconds: field("usec")? / 1e6 })
}

/// Returns beginning and end of a statement without its comments.
fn shortened(query: &str) -> String {
    let lines = query.lines().filter(|line| !line.trim_start().starts_with("--"));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let text: Vec<char> = words.join(" ").chars().collect();
    let (beginning, end) = SHOWN;
    if text.len() <= beginning + end {
        return text.into_iter().collect();
    }
    text[..beginning].iter().chain(&[' ', '…', ' ']).chain(&text[text.len() - end..]).collect()
}

/// Returns the most memory that any running instance of a function has had, in MiB.
pub(super) fn peak_memory(handler: &str) -> Result<f64> {
    let own = Process::myself()?.pid();
    let mut peak = None;
    for process in all_processes()?.flatten() {
        let Ok(stat) = process.stat() else { continue };
        let environment = if stat.ppid == own { process.environ().unwrap_or_default() } else { continue };
        if environment.get(OsStr::new("_HANDLER")).is_some_and(|value| value == handler) {
            peak = peak.max(process.status()?.vmhwm);
        }
    }
    let kibibytes = peak.with_context(|| format!("no {handler} runs"))?;
    Ok(f64::from(u32::try_from(kibibytes)?) / 1024.0)
}
