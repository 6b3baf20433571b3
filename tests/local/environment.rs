//! The environment of each function's process: the rendered variables, and nothing else but what this machine must add.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use pipegen::config::{self, Environment, SettingsFile};
use pipegen::deployment::{Deployment, ServerAddresses};
use pipegen::stack::{self, Package};
use serde_json::{Value, json};

use super::fixture::http;
use super::run::CommandFixture;

/// Variables that Lambda sets for every function.
const LAMBDA: [&str; 15] = [
    "_HANDLER",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_LEVEL",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "TZ",
];

/// Variables that only `pipegen local` sets.
const LOCAL: [&str; 4] = [
    "AWS_ENDPOINT_URL_KINESIS",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    pipegen_contract::env::DEV_AUTHORITY,
];

type Variables = BTreeMap<String, String>;

/// The text that `pipegen render` would write for these settings.
fn rendered(environment: &str, settings: &str) -> String {
    let source = SettingsFile { path: "pipegen.toml".into(), text: settings.into() };
    let environment = Environment::parse(environment).expect("a name");
    let config = config::load(Some(&source), Ok(environment)).expect("right settings");
    let package = Package { file_name: "bootstrap.zip".into(), source_code_hash: String::new() };
    stack::build(&config, &package).expect("consistent").main
}

/// A run that goes on after its records, and its Lambda.
struct Serving {
    child: Child,
    lambda: SocketAddr,
    key_id: String,
}

impl Serving {
    fn start(fixture: &CommandFixture, environment: &str, settings: &str) -> Self {
        let config = fixture.folder.path().join("pipegen.toml");
        std::fs::write(&config, settings).expect("written");
        let mut command = fixture.command(&["--json", "--serve", "--env", environment, "--config"]);
        let mut child = command.arg(config).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut summary = String::new();
        BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut summary).expect("a summary");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("AWS_ENDPOINT_URL_LAMBDA=")).expect("it is said");
        let value = |name: &str| {
            let value = line.split(' ').find_map(|word| word.strip_prefix(name)).expect(name);
            value.trim_start_matches("http://").to_owned()
        };
        let lambda = value("AWS_ENDPOINT_URL_LAMBDA=").parse().expect("an address");
        Self { child, lambda, key_id: value("AWS_ACCESS_KEY_ID=") }
    }

    /// The whole environment of a process of this function.
    fn variables(&self, function: &str) -> Variables {
        let request = format!("POST /2015-03-31/functions/{function}/invocations");
        let credential = format!("Credential={}/20260101/us-east-1/lambda/aws4_request", self.key_id);
        let headers = format!("authorization: AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0\r\n");
        let (status, _, body) = http(self.lambda, &request, &headers, &json!({"do": "variables"}).to_string());
        assert_eq!(status, 200, "{function}: {body}");
        serde_json::from_str(&body).expect("an object")
    }

    fn stop(mut self) {
        assert!(Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill").success());
        assert!(self.child.wait().expect("it ends").success());
    }
}

fn check(function: &Value, own: &Variables) {
    let name = &function["function_name"];
    let variables = function["environment"]["variables"].as_object().expect("variables");
    for (variable, value) in variables {
        let value = value.as_str().expect("text");
        if value.contains("${") {
            assert!(!own[variable].is_empty() && !own[variable].contains("${"), "{name}: {variable}={}", own[variable]);
        } else {
            assert_eq!(own[variable], value, "{name}: {variable}");
        }
    }
    for added in own.keys().filter(|variable| !variables.contains_key(*variable)) {
        assert!(LAMBDA.contains(&added.as_str()) || LOCAL.contains(&added.as_str()), "{name}: {added} is not rendered");
    }
    assert_eq!(own["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], function["memory_size"].to_string(), "{name}");
    assert_eq!((&own["AWS_LAMBDA_FUNCTION_NAME"], &own["_HANDLER"]), (&text(name), &text(&function["handler"])));
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// The values of expressions are those of the deployment, given where the process finds the servers.
fn check_resolved(main: &str, all: &BTreeMap<String, Variables>) {
    let catalog = &all["lambda-catalog-staging"];
    let port = |name: &str| catalog[name].parse().expect("a port");
    let addresses = ServerAddresses {
        database_host: catalog["PIPEGEN_DATABASE_HOST"].clone(),
        database_port: port("PIPEGEN_DATABASE_PORT"),
        database_name: "inventory".to_owned(),
        cache_host: catalog["PIPEGEN_CACHE_HOST"].clone(),
        cache_port: port("PIPEGEN_CACHE_PORT"),
    };
    let deployment = Deployment::from_rendered(main, &addresses).expect("it runs");
    for function in deployment.functions.values() {
        let own = &all[&function.name];
        assert!(function.environment.iter().all(|(name, value)| own[name] == *value), "{}: {own:?}", function.name);
    }
}

/// Settings that change every variable that depends on one, as the test below checks.
const OTHER_VALUES: &str = r#"
    [environments.staging]
    lambda_memory_mb = 1024
    cache_view_seconds = 900
    horizon_days = 9
    stream_retention_hours = 240
    peak_updates_per_minute = 120_000
    catalog_connections = 30
    database_instance_class = "db.m7g.large"

    [environments.staging.suppliers]
    acme = "arn:aws:iam::111122223333:role/feeder"
"#;

/// Variables that no setting changes.
const FIXED: [&str; 3] = ["PIPEGEN_DATABASE_MAINTAINER_CONNECTIONS", "PIPEGEN_ENVIRONMENT", "PIPEGEN_METRIC_NAMESPACE"];

/// Returns the values that the rendered file itself has, by function and variable.
fn literals(main: &str) -> BTreeMap<(String, String), String> {
    let main: Value = serde_json::from_str(main).expect("JSON");
    let functions = main["resource"]["aws_lambda_function"].as_object().expect("functions").iter();
    let variables = functions.flat_map(|(function, body)| {
        let variables = body["environment"]["variables"].as_object().expect("variables").iter();
        variables.map(move |(variable, value)| ((function.clone(), variable.clone()), text(value)))
    });
    variables.filter(|(_, value)| !value.contains("${")).collect()
}

#[test]
fn the_other_values_change_every_variable_that_a_setting_changes() {
    let (defaults, others) = (literals(&rendered("staging", "")), literals(&rendered("staging", OTHER_VALUES)));
    assert!(defaults.len() > 10, "{defaults:?}");
    for ((function, variable), value) in &defaults {
        let same = others.get(&(function.clone(), variable.clone())) == Some(value);
        assert_eq!(same, FIXED.contains(&variable.as_str()), "{function}: {variable}={value}");
    }
}

#[test]
fn a_function_gets_the_rendered_variables_and_no_others() {
    for settings in ["", OTHER_VALUES] {
        let (main, fixture) = (rendered("staging", settings), CommandFixture::new());
        let serving = Serving::start(&fixture, "staging", settings);
        let functions: Value = serde_json::from_str(&main).expect("JSON");
        let functions = functions["resource"]["aws_lambda_function"].as_object().expect("functions").clone();
        let names = functions.values().map(|function| text(&function["function_name"]));
        let all: BTreeMap<_, _> = names.map(|name| (name.clone(), serving.variables(&name))).collect();
        serving.stop();
        fixture.assert_nothing_left();
        assert_eq!(all.len(), functions.len());
        for function in functions.values() {
            check(function, &all[&text(&function["function_name"])]);
        }
        check_resolved(&main, &all);
    }
}

#[test]
fn an_override_is_in_the_summary_and_has_the_connections_it_needs() {
    let output = CommandFixture::new().command(&["--json", "--parallelization", "4"]).output().expect("it runs");
    let summary: Value = serde_json::from_slice(&output.stdout).expect("a summary");
    assert_eq!(summary["overrides"], json!({"parallelization": 4, "PIPEGEN_DATABASE_WRITER_CONNECTIONS": 8}));
}
