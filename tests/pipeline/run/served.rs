//! A served run, used over its one port.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::{SecondsFormat, Utc};
use pipegen::servers::free_port;
use serde_json::Value;
use ureq::Agent;

use super::local::{LocalCommand, LocalOutput, LocalProcess};
use super::reader::CatalogReader;
use crate::records;

/// The time for the run to start, and for what was sent to come out.
const TIMEOUT: Duration = Duration::from_mins(2);

/// A run that began without records.
pub(crate) struct ServedRun {
    pub(crate) process: LocalProcess,
    pub(crate) port: u16,
    pub(crate) reader: CatalogReader,
    agent: Agent,
}

impl ServedRun {
    /// Starts a run that keeps its data in a folder.
    pub(crate) fn start_kept() -> Result<Self> {
        Self::start_with(|local| {
            let data = local.path("data");
            local.option("--data", data)
        })
    }

    /// Starts a run that keeps nothing.
    pub(crate) fn start() -> Result<Self> {
        Self::start_with(|local| local)
    }

    /// Starts a run and waits until it answers.
    pub(crate) fn start_with(edit: impl FnOnce(LocalCommand) -> LocalCommand) -> Result<Self> {
        let port = free_port()?;
        let local = LocalCommand::new()?.flag("--serve").flag("--no-records").option("--port", port.to_string());
        let process = edit(local).start()?;
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build();
        let mut run = Self { process, port, reader: CatalogReader::of(port), agent: config.into() };
        run.wait_until("the run answers", |run| Ok(run.status().is_ok()))?;
        Ok(run)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sends events, and returns the response.
    pub(crate) fn send(&self, events: &Value) -> Result<Value> {
        let request = self.agent.post(format!("{}/events", self.url()));
        let mut response =
            request.header("content-type", "application/cloudevents-batch+json").send(events.to_string())?;
        ensure!(response.status() == 202, "{}", response.body_mut().read_to_string()?);
        Ok(serde_json::from_str(&response.body_mut().read_to_string()?)?)
    }

    /// Makes a part of the run fail for ten seconds.
    pub(crate) fn begin_fault(&self, target: &str, headers: &[(&str, &str)]) -> Result<u16> {
        self.press(&format!("/faults/{target}"), headers)
    }

    /// Presses a button of the page.
    pub(crate) fn press(&self, path: &str, headers: &[(&str, &str)]) -> Result<u16> {
        let request = self.agent.post(format!("{}{path}", self.url()));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Ok(request.send("")?.status().as_u16())
    }

    /// Returns the state of the run.
    pub(crate) fn status(&self) -> Result<Value> {
        let text = self.agent.get(format!("{}/status", self.url())).call()?.body_mut().read_to_string()?;
        serde_json::from_str(&text).context("the state is JSON")
    }

    /// Reads so many server-sent events, each as its name and its data.
    pub(crate) fn events(&self, number: usize) -> Result<Vec<(String, Value)>> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        write!(connection, "GET /status/stream HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n\r\n", self.port)?;
        let mut lines = BufReader::new(connection).lines().map_while(Result::ok);
        let (mut events, mut name) = (Vec::new(), String::new());
        let head: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        ensure!(head.iter().any(|line| line == "content-type: text/event-stream"), "{head:?}");
        while events.len() < number {
            let line = lines.next().context("the stream has ended")?;
            match line.split_once(": ") {
                Some(("event", value)) => value.clone_into(&mut name),
                Some(("data", value)) => events.push((name.clone(), serde_json::from_str(value)?)),
                // Empty lines, and the lengths of chunks.
                _ => {}
            }
        }
        Ok(events)
    }

    /// Reads so many server-sent events about changes, each as its name, its id and its data. `after` is the id that a
    /// browser had last.
    pub(crate) fn follow(&self, after: Option<&str>, number: usize) -> Result<Vec<(String, String, Value)>> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.set_read_timeout(Some(TIMEOUT))?;
        let after = after.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        write!(connection, "GET /changes/stream HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n{after}\r\n", self.port)?;
        let mut lines = BufReader::new(connection).lines().map_while(Result::ok);
        ensure!(lines.by_ref().take_while(|line| !line.is_empty()).any(|line| line.ends_with("200 OK")));
        let (mut events, mut name, mut id, mut data) = (Vec::new(), String::new(), String::new(), Value::Null);
        while events.len() < number {
            let line = lines.next().context("the stream has ended")?;
            match line.split_once(": ") {
                Some(("event", value)) => value.clone_into(&mut name),
                Some(("id", value)) => value.clone_into(&mut id),
                Some(("data", value)) => data = serde_json::from_str(value)?,
                // An empty line ends an event; the lengths of chunks are beside the events.
                _ if line.is_empty() && !data.is_null() => {
                    events.push((std::mem::take(&mut name), std::mem::take(&mut id), data.take()));
                }
                _ => {}
            }
        }
        Ok(events)
    }

    /// Waits until something holds.
    pub(crate) fn wait_until(&mut self, what: &str, holds: impl Fn(&Self) -> Result<bool>) -> Result<()> {
        let deadline = Instant::now() + TIMEOUT;
        while !holds(self)? {
            ensure!(self.process.is_alive()? && Instant::now() < deadline, "it never comes true that {what}");
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Ends the run, and returns its output and its summary.
    pub(crate) fn end(self) -> Result<(LocalOutput, Value)> {
        self.process.press_ctrl_c()?;
        let output = self.process.wait_for_stop()?.succeeded()?;
        let summary = serde_json::from_str(&output.stdout).context("no summary")?;
        Ok((output, summary))
    }
}

/// Makes an event that happens now.
pub(crate) fn event(id: &str, sku: &str, kind: &str, data: &Value) -> Value {
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    records::event::event("acme", sku, kind, id, &now, data)
}
