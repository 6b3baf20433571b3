//! Headless Chromium, driven over `WebDriver`.
//!
//! <https://www.w3.org/TR/webdriver2/>

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipegen::servers::free_port;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

/// The time for the browser to start, and for the page to show something.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The name under which `WebDriver` returns an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window.
pub(crate) struct Browser {
    driver: Child,
    agent: Agent,
    /// The URL of the session.
    session: String,
    profile: TempDir,
}

impl Browser {
    /// Starts the browser. `scripts/install` installs it.
    pub(crate) fn start() -> Result<Self> {
        let port = free_port()?;
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver does not start; `scripts/install` installs it")?;
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build();
        let profile = TempDir::new()?;
        let url = format!("http://127.0.0.1:{port}");
        let mut browser = Self { driver, agent: config.into(), session: url.clone(), profile };
        let deadline = Instant::now() + TIMEOUT;
        while browser.agent.get(format!("{url}/status")).call().is_err() {
            ensure!(Instant::now() < deadline, "chromedriver does not answer");
            thread::sleep(Duration::from_millis(50));
        }
        let profile = format!("--user-data-dir={}", browser.profile.path().display());
        let options = json!({"args": ["--headless", "--no-sandbox", "--disable-dev-shm-usage", profile]});
        let capabilities = json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let session = browser.post("/session", &json!({"capabilities": {"alwaysMatch": capabilities}}))?;
        browser.session = format!("{url}/session/{}", session["sessionId"].as_str().context("a session")?);
        Ok(browser)
    }

    pub(crate) fn open(&self, url: &str) -> Result<()> {
        self.post("/url", &json!({"url": url})).map(drop)
    }

    /// Runs a script, and returns what it returns.
    pub(crate) fn run(&self, script: &str) -> Result<Value> {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits until a script returns true.
    pub(crate) fn wait_until(&self, what: &str, script: &str) -> Result<()> {
        let deadline = Instant::now() + TIMEOUT;
        while self.run(script)? != json!(true) {
            let body = || self.run("return document.body.innerText").unwrap_or_default();
            ensure!(Instant::now() < deadline, "the page never shows that {what}: {}", body());
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Clicks on an element.
    pub(crate) fn click(&self, selector: &str) -> Result<()> {
        let element = self.element(selector)?;
        self.post(&format!("/element/{element}/click"), &json!({})).map(drop)
    }

    /// Replaces the text in a field.
    pub(crate) fn fill(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.element(selector)?;
        self.post(&format!("/element/{element}/clear"), &json!({}))?;
        self.post(&format!("/element/{element}/value"), &json!({"text": text})).map(drop)
    }

    /// Returns the name of each element by which assistive technology knows it.
    pub(crate) fn accessible_names(&self, selector: &str) -> Result<Vec<String>> {
        let found = self.post("/elements", &json!({"using": "css selector", "value": selector}))?;
        let elements = found.as_array().context("a list")?.iter().filter_map(|element| element[ELEMENT].as_str());
        let name = |element: &str| {
            let name = self.get(&format!("/element/{element}/computedlabel"))?;
            Ok(name.as_str().unwrap_or_default().to_owned())
        };
        elements.map(name).collect()
    }

    /// Sends a command of Chromium's own protocol.
    pub(crate) fn command(&self, name: &str, parameters: &Value) -> Result<Value> {
        self.post("/goog/cdp/execute", &json!({"cmd": name, "params": parameters}))
    }

    /// Returns what the browser has logged since the last call: errors of scripts, and what the page's policy refused.
    pub(crate) fn log(&self) -> Result<Value> {
        self.post("/se/log", &json!({"type": "browser"}))
    }

    /// Returns a picture of the window.
    pub(crate) fn screenshot(&self) -> Result<Vec<u8>> {
        let picture = self.get("/screenshot")?;
        Ok(STANDARD.decode(picture.as_str().context("a picture")?)?)
    }

    fn element(&self, selector: &str) -> Result<String> {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector}))?;
        Ok(found[ELEMENT].as_str().with_context(|| format!("there is no {selector}"))?.to_owned())
    }

    fn get(&self, path: &str) -> Result<Value> {
        value(&self.agent.get(format!("{}{path}", self.session)).call()?.body_mut().read_to_string()?)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.agent.post(format!("{}{path}", self.session)).header("content-type", "application/json");
        value(&request.send(body.to_string())?.body_mut().read_to_string()?)
    }
}

/// Returns the value of a response, unless it is an error.
fn value(text: &str) -> Result<Value> {
    let mut response: Value = serde_json::from_str(text).with_context(|| text.to_owned())?;
    ensure!(response["value"].get("error").is_none(), "WebDriver: {}", response["value"]);
    Ok(response["value"].take())
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.agent.delete(&self.session).call().ok();
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}
