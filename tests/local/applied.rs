//! `pipegen local --applied`: what a state says is run, against an account that is pretended as far as pipegen itself
//! uses it.

use std::fs::{self, File, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use account::{Account, Sent};

use super::fixture::{bootstrap_in, eventually, http, open_folder, processes_of};

mod account;

/// An applied folder and its account.
struct AppliedFixture {
    folder: TempDir,
    scratch: PathBuf,
    account: Account,
}

/// An ARN of a function.
fn arn(handler: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:lambda-{handler}-test")
}

fn resource(kind: &str, values: &Value) -> Value {
    json!({"address": format!("{kind}.x"), "mode": "managed", "type": kind, "name": "x", "values": values})
}

fn function(handler: &str) -> Value {
    let values = json!({"function_name": format!("lambda-{handler}-test"), "arn": arn(handler), "role": "arn:role",
        "handler": handler, "timeout": 5, "memory_size": 128, "filename": "./bootstrap-0123.zip",
        "environment": [{"variables": {"A_SETTING": "a value"}}]});
    resource("aws_lambda_function", &values)
}

fn mapping(handler: &str, window_seconds: u32) -> Value {
    let values = json!({"uuid": format!("mapping-{handler}"), "function_arn": arn(handler), "function_name": arn(handler),
        "event_source_arn": account::STREAM, "starting_position": "TRIM_HORIZON", "batch_size": 64,
        "maximum_batching_window_in_seconds": window_seconds, "parallelization_factor": 1,
        "bisect_batch_on_function_error": true, "maximum_retry_attempts": 1, "maximum_record_age_in_seconds": -1,
        "function_response_types": ["ReportBatchItemFailures"],
        "destination_config": [{"on_failure": [{"destination_arn": "arn:aws:s3:::quarantine"}]}]});
    resource("aws_lambda_event_source_mapping", &values)
}

impl AppliedFixture {
    fn new() -> Self {
        let folder = open_folder();
        let scratch = folder.path().join("scratch");
        fs::create_dir(&scratch).expect("made");
        let fixture = Self { folder, scratch, account: Account::open() };
        fixture.pack();
        fixture.pretend_terraform();
        fixture
    }

    /// Packs the pretended bootstrap as the stack's zip.
    fn pack(&self) {
        let bootstrap = bootstrap_in(self.folder.path());
        let mut zip = zip::ZipWriter::new(File::create(self.folder.path().join("bootstrap-0123.zip")).expect("made"));
        zip.start_file("bootstrap", SimpleFileOptions::default()).expect("begun");
        zip.write_all(&fs::read(&bootstrap).expect("read")).expect("packed");
        zip.finish().expect("whole");
        fs::remove_file(bootstrap).expect("removed");
    }

    /// A `terraform` that shows this state of this folder, and nothing else.
    fn pretend_terraform(&self) {
        let schedule =
            json!({"schedule_expression": "rate(1 minute)", "target": [{"arn": arn("maintain"), "input": null}]});
        let resources = [
            function("processor"),
            function("archiver"),
            function("catalog"),
            function("maintain"),
            mapping("processor", 0),
            mapping("archiver", 300),
            resource(
                "aws_lambda_function_url",
                &json!({"function_arn": arn("catalog"), "function_name": "lambda-catalog-test"}),
            ),
            resource("aws_scheduler_schedule", &schedule),
        ];
        let shown = json!({"format_version": "1.0", "values": {"root_module": {"resources": resources}}});
        let folder = self.folder.path();
        fs::write(folder.join("state.json"), shown.to_string()).expect("written");
        let script = format!(
            "#!/bin/sh\n[ \"$*\" = '-chdir={0} show -json -no-color' ] || {{ echo \"not so: $*\" >&2; exit 1; }}\nexec cat '{0}/state.json'\n",
            folder.display()
        );
        let program = folder.join("terraform");
        fs::write(&program, script).expect("written");
        fs::set_permissions(program, Permissions::from_mode(0o755)).expect("executable");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
        command.args(["local", "--json", "--applied"]).arg(self.folder.path()).args(arguments);
        let path = format!("{}:/usr/bin:/bin", self.folder.path().display());
        let variables = [
            ("PATH", &*path),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        command.envs(variables).env("AWS_ENDPOINT_URL", self.account.url()).env("TMPDIR", &self.scratch);
        command.stdin(Stdio::null());
        command
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs")
    }

    fn assert_nothing_left(&self) {
        assert_eq!(processes_of(self.folder.path()), Vec::<String>::new());
        assert_eq!(fs::read_dir(&self.scratch).expect("there").count(), 0, "the scratch folder is not empty");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn summary(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one object")
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success());
}

#[test]
fn the_stream_is_read_by_each_mapping_until_it_is_idle() {
    let fixture = AppliedFixture::new();
    for number in 0..100 {
        let data = if number == 37 { "poison" } else { "fine" };
        fixture.account.put(if number % 3 == 0 { "shardId-1" } else { "shardId-0" }, data);
    }
    let summary = summary(&fixture.command(&["--until-idle", "1"]).output().expect("runs"));
    assert_eq!((&summary["records"], &summary["discarded"], &summary["events"]), (&json!(99), &json!(1), &json!(99)));
    assert_eq!(summary["archive"], json!({"records": 100, "discarded": 0}), "although its window is not over");
    assert_eq!(summary["maintain"]["runs"], 1, "once at the end");
    let functions = ["archiver", "catalog", "maintain", "processor"];
    assert!(summary["errors_by_function"].as_object().expect("an object").keys().eq(functions));

    let kept = fixture.account.stored();
    let [Sent { path, body }] = &kept[..] else { panic!("one object, not {kept:?}") };
    assert!(path.starts_with("/quarantine/aws/lambda/mapping-processor/shardId-0/"), "{path}");
    let object: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(object["requestContext"]["functionArn"], arn("processor"));
    assert_eq!(object["KinesisBatchInfo"]["streamArn"], account::STREAM);
    fixture.assert_nothing_left();
}

#[test]
fn an_iterator_that_expires_is_made_anew_behind_the_last_record() {
    let fixture = AppliedFixture::new();
    fixture.account.put("shardId-0", "fine");
    let child = fixture.start(&["--until-idle", "2"]);
    eventually("both mappings' readers behind the first record", || fixture.account.waiting_readers("shardId-0") == 2);
    fixture.account.expire_iterators();
    fixture.account.put("shardId-0", "fine");
    let summary = summary(&child.wait_with_output().expect("ends"));
    assert_eq!((&summary["records"], &summary["archive"]["records"]), (&json!(2), &json!(2)), "neither twice");
    fixture.assert_nothing_left();
}

#[test]
fn ctrl_c_ends_the_reading_and_what_was_read_is_finished() {
    let fixture = AppliedFixture::new();
    fixture.account.put("shardId-0", "fine");
    let mut child = fixture.start(&[]);
    let mut told = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
    let line = told.find(|line| line.contains("lambda-catalog-test answers at http://")).expect("told");
    let address: SocketAddr =
        line.rsplit("http://").next().and_then(|address| address.parse().ok()).expect("an address");
    assert_eq!(http(address, "GET /products/1", "", "").2, "a product");
    eventually("both mappings' readers behind the record", || fixture.account.waiting_readers("shardId-0") == 2);
    interrupt(&child);
    let summary = summary(&child.wait_with_output().expect("ends"));
    assert_eq!((&summary["records"], &summary["archive"]["records"]), (&json!(1), &json!(1)));
    fixture.assert_nothing_left();
}

#[test]
fn a_second_ctrl_c_ends_at_once() {
    let fixture = AppliedFixture::new();
    fixture.account.put("shardId-0", "hang");
    let mut child = fixture.start(&[]);
    eventually("a processor at work", || processes_of(&fixture.scratch).len() >= 2);
    interrupt(&child);
    let mut told = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
    told.find(|line| line.contains("Ctrl-C again")).expect("told");
    interrupt(&child);
    assert_eq!(child.wait().expect("ends").code(), Some(130));
    fixture.assert_nothing_left();
}

#[test]
fn an_account_that_goes_away_ends_the_run_with_its_error() {
    let mut fixture = AppliedFixture::new();
    fixture.account.put("shardId-0", "fine");
    let child = fixture.start(&[]);
    eventually("a reader", || fixture.account.waiting_readers("shardId-0") > 0);
    fixture.account.close();
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("Kinesis: could not"), "{}", text(&output.stderr));
    fixture.assert_nothing_left();
}

#[test]
fn what_is_wrong_is_said_before_anything_is_started() {
    let fixture = AppliedFixture::new();
    let ends = |variable: (&str, &str), arguments: &[&str], code: i32, words: &str| {
        let output = fixture.command(arguments).env(variable.0, variable.1).output().expect("runs");
        let error = text(&output.stderr);
        assert!(output.status.code() == Some(code) && error.contains(words), "{words}: {error}");
        fixture.assert_nothing_left();
    };
    ends(("AWS_ENDPOINT_URL", ""), &[], 1, "AWS_ENDPOINT_URL not set");
    ends(("AWS_ENDPOINT_URL", "https://amazonaws.com"), &[], 1, "on this machine only");
    ends(("PATH", "/nowhere"), &[], 1, "cannot run `terraform`");
    let fine = ("AWS_REGION", "us-east-1");
    ends(fine, &["--authority", "missing.pem"], 1, "--authority missing.pem");
    ends(fine, &["--records", "x"], 2, "--records");
    ends(fine, &["--until-idle", "0"], 2, "--until-idle");

    fs::write(fixture.folder.path().join("state.json"), r#"{"format_version":"1.0"}"#).expect("written");
    ends(fine, &[], 1, "terraform apply");
    fixture.pretend_terraform();
    fs::remove_file(fixture.folder.path().join("bootstrap-0123.zip")).expect("removed");
    ends(fine, &[], 1, "bootstrap-0123.zip");
}
