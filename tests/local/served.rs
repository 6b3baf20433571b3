//! The port of a served run, with AWS' own clients: records over Kinesis and over HTTP, objects, the account.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_kinesis::error::ProvideErrorMetadata as _;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use aws_smithy_http_client::Builder;
use serde_json::Value;

use super::fixture::http;
use super::run::CommandFixture;

const STREAM: &str = "kinesis-inventory-staging";
const ARCHIVE: &str = "s3-archive-000000000000-staging";

/// A served run that began with no records.
struct Served {
    fixture: CommandFixture,
    child: Child,
    address: SocketAddr,
}

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let fixture = CommandFixture::new();
        let mut command = fixture.command(&["--json", "--serve"]);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("runs");
        let mut told = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        while !line.contains("the page, the stream and AWS' APIs are at http://") {
            line.clear();
            assert!(told.read_line(&mut line).expect("text") > 0, "the run has ended");
        }
        // What else it says must not fill the pipe.
        std::thread::spawn(move || told.read_to_end(&mut Vec::new()));
        let address = line.trim().rsplit_once('/').expect("a URL").1.parse().expect("an address");
        Self { fixture, child, address }
    }

    fn provider() -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Credentials::new("any key", "any secret", None, None, "a test"))
    }

    fn kinesis(&self) -> aws_sdk_kinesis::Client {
        let config = aws_sdk_kinesis::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Self::provider())
            .endpoint_url(format!("http://{}", self.address))
            .http_client(Builder::new().build_http());
        aws_sdk_kinesis::Client::from_conf(config.build())
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Self::provider())
            .endpoint_url(format!("http://{}", self.address))
            .force_path_style(true)
            .http_client(Builder::new().build_http());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    fn post(&self, headers: &str, body: &str) -> (u16, Value) {
        let (status, _, answer) = http(self.address, "POST /events", headers, body);
        (status, serde_json::from_str(&answer).expect(&answer))
    }

    /// Ends the run, and returns its summary.
    fn end(mut self) -> Value {
        let ended = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill");
        assert!(ended.success());
        let mut summary = String::new();
        self.child.stdout.take().expect("piped").read_to_string(&mut summary).expect("text");
        assert_eq!(self.child.wait().expect("ends").code(), Some(0));
        self.fixture.assert_nothing_left();
        serde_json::from_str(&summary).expect(&summary)
    }
}

fn entry(key: &str, data: &str) -> PutRecordsRequestEntry {
    PutRecordsRequestEntry::builder().partition_key(key).data(Blob::new(data)).build().expect("whole")
}

#[tokio::test]
async fn records_that_the_sdk_puts_on_the_stream_are_processed() {
    let served = Served::start(&["--no-records", "--archive-window", "7", "--maintain-every", "1"]);
    let kinesis = served.kinesis();
    let entries = (0..500).map(|number| entry(&format!("acme/{number}"), "{}")).collect();
    let answer = kinesis.put_records().stream_name(STREAM).set_records(Some(entries)).send().await.expect("put");
    assert_eq!((answer.failed_record_count(), answer.records().len()), (Some(0), 500));
    let numbers: Vec<_> = answer.records().iter().filter_map(|record| record.sequence_number()).collect();
    assert!(numbers.len() == 500 && numbers.is_sorted(), "{numbers:?}");

    let shards = kinesis.list_shards().stream_name(STREAM).send().await.expect("listed");
    assert_eq!(shards.shards().len(), 1);
    let summary = kinesis.describe_stream_summary().stream_name(STREAM).send().await.expect("described");
    let arn = summary.stream_description_summary().expect("there").stream_arn().to_owned();
    let put = kinesis.put_record().stream_arn(arn).partition_key("acme/1").data(Blob::new("{}"));
    let put = put.send().await.expect("put");
    assert_eq!(put.shard_id(), shards.shards()[0].shard_id());
    assert!(Some(put.sequence_number()) > numbers.last().copied());

    let other = kinesis.put_record().stream_name("other").partition_key("k").data(Blob::new("")).send().await;
    assert!(other.expect_err("no such stream").into_service_error().is_resource_not_found_exception());
    let large = kinesis.put_record().stream_name(STREAM).partition_key("k").data(Blob::new(vec![0; 1024 * 1024]));
    assert_eq!(large.send().await.expect_err("too large").code(), Some("ValidationException"));

    // Maintenance runs meanwhile, and once more at the end.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let summary = served.end();
    assert_eq!((&summary["records"], &summary["archive"]["records"]), (&501.into(), &501.into()), "{summary}");
    let overrides = serde_json::json!({"archive window, seconds": 7, "maintenance period, seconds": 1});
    assert_eq!(summary["overrides"], overrides);
    assert!(summary["maintain"]["runs"].as_u64() > Some(1), "{summary}");
}

#[tokio::test]
async fn objects_are_there_for_any_key() {
    let served = Served::start(&["--no-records"]);
    let s3 = served.s3();
    for (key, algorithm) in
        [("a/1", None), ("a/2", Some(ChecksumAlgorithm::Sha256)), ("a/3", Some(ChecksumAlgorithm::Crc32))]
    {
        let put = s3.put_object().bucket(ARCHIVE).key(key).set_checksum_algorithm(algorithm);
        put.body(ByteStream::from_static(b"content")).send().await.expect(key);
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "x".repeat(300_000)).expect("written");
    // A body of which the length is known and the content is not: in chunks, with the checksum behind them.
    let body = ByteStream::from_path(file.path()).await.expect("a file");
    s3.put_object().bucket(ARCHIVE).key("b").body(body).send().await.expect("stored");
    let large = s3.get_object().bucket(ARCHIVE).key("b").send().await.expect("there");
    assert_eq!(large.body.collect().await.expect("whole").into_bytes().len(), 300_000);

    let listed = s3.list_objects_v2().bucket(ARCHIVE).prefix("a/").send().await.expect("listed");
    let keys: Vec<_> = listed.contents().iter().filter_map(|object| object.key()).collect();
    assert_eq!(keys, ["a/1", "a/2", "a/3"]);
    let listed = s3.list_objects_v2().bucket(ARCHIVE).delimiter("/").send().await.expect("listed");
    let common: Vec<_> = listed.common_prefixes().iter().filter_map(|common| common.prefix()).collect();
    assert_eq!((listed.contents().len(), common), (1, vec!["a/"]), "as `aws s3 ls` asks");
    let buckets = s3.list_buckets().send().await.expect("listed");
    assert!(buckets.buckets().iter().any(|bucket| bucket.name() == Some(ARCHIVE)), "{buckets:?}");
    let object = s3.get_object().bucket(ARCHIVE).key("a/2").send().await.expect("there");
    assert_eq!(object.body.collect().await.expect("whole").into_bytes().as_ref(), b"content");
    let missing = s3.get_object().bucket(ARCHIVE).key("missing").send().await.expect_err("missing");
    assert!(missing.into_service_error().is_no_such_key());
    assert_eq!(
        s3.head_bucket()
            .bucket("other")
            .send()
            .await
            .expect_err("no bucket")
            .raw_response()
            .map(|raw| raw.status().as_u16()),
        Some(404)
    );
    served.end();
}

#[test]
fn the_account_is_known_and_other_services_are_not_there() {
    let served = Served::start(&["--no-records"]);
    let signed = |service: &str| {
        format!(
            "authorization: AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, \
             Signature=0\r\ncontent-type: application/x-www-form-urlencoded\r\n"
        )
    };
    let (status, _, identity) =
        http(served.address, "POST /", &signed("sts"), "Action=GetCallerIdentity&Version=2011-06-15");
    assert!(status == 200 && identity.contains("<Account>000000000000</Account>"), "{identity}");
    let (status, _, error) = http(served.address, "POST /", &signed("sqs"), "");
    assert!(status == 400 && error.contains("Kinesis, S3 and STS"), "{error}");
    served.end();
}

#[test]
fn events_over_http_are_processed_and_their_entries_say_where_they_are() {
    let served = Served::start(&["--no-records"]);
    let structured = "content-type: application/cloudevents+json\r\n";
    let (status, answer) = served.post(structured, "{}");
    assert_eq!((status, &answer["failed"], &answer["rejected"]), (202, &0.into(), &1.into()), "{answer}");
    assert_eq!(answer["events"][0]["shard"], "shardId-000000000000");
    assert_eq!(answer["events"][0]["reason"], "invalid_event");
    let (status, answer) = served.post("content-type: application/cloudevents-batch+json\r\n", "[{},{},{}]");
    assert_eq!((status, answer["events"].as_array().map(Vec::len)), (202, Some(3)), "{answer}");
    let (status, answer) = served.post("content-type: text/plain\r\n", "{}");
    assert_eq!((status, &answer["status"]), (415, &415.into()));
    assert_eq!(http(served.address, "GET /events", "", "").0, 405);
    let large = "x".repeat(10 * 1024 * 1024 + 1);
    assert_eq!(served.post(structured, &large).0, 413);
    assert_eq!(http(served.address, "GET /products/85123A", "", "").2, "a product");
    assert_eq!(http(served.address, "GET /elsewhere", "", "").0, 404);
    let summary = served.end();
    assert_eq!((&summary["records"], &summary["archive"]["records"]), (&4.into(), &4.into()), "{summary}");
}

#[test]
fn pages_of_other_sites_are_refused() {
    let served = Served::start(&["--no-records"]);
    let json = "content-type: application/json\r\n";
    let own = format!("{json}origin: http://{}\r\n", served.address);
    assert_eq!(served.post(&own, "[]").0, 202);
    let (status, answer) = served.post(&format!("{json}origin: http://example.com\r\n"), "[]");
    assert!(status == 403 && answer["detail"].as_str().is_some_and(|detail| detail.contains("Origin")), "{answer}");
    assert_eq!(served.post(&format!("{json}host: example.com\r\n"), "[]").0, 403, "a second host");
    served.end();
}

#[test]
fn what_is_put_on_the_stream_is_processed_beside_a_file_and_after_it() {
    let mut served = Served::start(&[]);
    assert_eq!(served.post("content-type: application/json\r\n", "[{},{}]").0, 202);
    let mut out = BufReader::new(served.child.stdout.take().expect("piped"));
    let mut summary = String::new();
    out.read_line(&mut summary).expect("a summary");
    let summary: Value = serde_json::from_str(&summary).expect("one object");
    assert!((2207..=2209).contains(&summary["records"].as_u64().unwrap_or_default()), "{summary}");
    assert!(summary["archive"]["records"].as_u64() >= Some(2207), "no window holds back what a file ends with");
    assert_eq!(served.post("content-type: application/json\r\n", "{}").0, 202);
    let ended = Command::new("kill").args(["-INT", &served.child.id().to_string()]).status().expect("kill");
    assert!(ended.success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "", "one summary");
    assert_eq!(served.child.wait().expect("ends").code(), Some(0));
    served.fixture.assert_nothing_left();
}
