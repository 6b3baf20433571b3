//! The functions in this process, on given servers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{TimeDelta, Utc};
use lambda_runtime::{Context, LambdaEvent};
use pipegen_lambda::cache::Cache;
use pipegen_lambda::database::{CatalogDatabase, Login};
use pipegen_lambda::failure::Failure;
use pipegen_lambda::maintain::{self, MaintainSummary};
use pipegen_lambda::objects::S3;
use pipegen_lambda::processor;
use pipegen_lambda::resources::{MaintainResources, ProcessorResources};
use pipegen_lambda::settings::{
    CacheEndpoint, CacheSettings, DatabaseSettings, DatabaseTls, MaintainSettings, ProcessorSettings, Secret,
};
use serde_json::{Value, json};

/// The result for a batch: `None` if it is done, the first record if it is retried unchanged, an error if it is
/// bisected.
pub(crate) type BatchResult = Result<Option<String>, Failure>;

/// Makes a processor on these servers.
pub(crate) fn processor_on(database: &str, cache: &str) -> ProcessorResources {
    let settings = ProcessorSettings {
        database: unused(),
        cache: cache_settings(cache),
        horizon: TimeDelta::days(7),
        suppliers: None,
        quarantine_bucket: "bucket".to_owned(),
    };
    ProcessorResources {
        database: database_on(database),
        cache: cache_on(cache),
        s3: S3::new(&aws("http://127.0.0.1:1")),
        settings,
    }
}

/// Makes maintenance on these servers, without S3.
pub(crate) fn maintenance_on(database: &str, cache: &str) -> MaintainResources {
    let settings = MaintainSettings {
        database: unused(),
        cache: cache_settings(cache),
        horizon: TimeDelta::days(7),
        stream_retention: TimeDelta::days(1),
        crossings_bucket: "bucket".to_owned(),
    };
    let s3 = S3::new(&aws("http://127.0.0.1:1"));
    MaintainResources { database: database_on(database), cache: cache_on(cache), s3, settings }
}

/// Makes the client of a cache.
pub(crate) fn cache_on(url: &str) -> Cache {
    Cache::new(&cache_settings(url), &SdkConfig::builder().build()).expect("settings")
}

/// Processes these records of one shard, within this time.
pub(crate) async fn process(records: &[Value], time: Duration, resources: &ProcessorResources) -> BatchResult {
    process_batch(batch(records), time, resources).await
}

/// Processes Lambda's event, within this time.
pub(crate) async fn process_batch(batch: Value, time: Duration, resources: &ProcessorResources) -> BatchResult {
    let event = LambdaEvent::new(serde_json::from_value(batch).expect("a batch"), context(time));
    let response = processor::handle(event, resources).await?;
    Ok(response.batch_item_failures.into_iter().next().and_then(|failure| failure.item_identifier))
}

/// Does one run of maintenance.
pub(crate) async fn maintain(resources: &MaintainResources) -> MaintainSummary {
    maintain::handle(LambdaEvent::new(json!({}), context(Duration::from_secs(20))), resources)
        .await
        .expect("maintained")
}

/// Returns a count as a supplier sends it now.
pub(crate) fn count(sku: &str, id: &str, quantity: i64) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/suppliers/acme", "subject": sku,
        "type": "com.retailtech.stock.counted.v1", "time": Utc::now().to_rfc3339(), "data": {"quantity": quantity},
    })
}

/// Returns Lambda's event.
fn batch(records: &[Value]) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "as in Lambda's events")]
    let now = Utc::now().timestamp_millis() as f64 / 1000.0;
    let record = |(number, event): (usize, &Value)| {
        json!({"eventID": format!("shardId-000000000000:{number}"), "kinesis": {
            "approximateArrivalTimestamp": now, "data": BASE64_STANDARD.encode(event.to_string()),
            "partitionKey": "acme", "sequenceNumber": number.to_string()}})
    };
    json!({"Records": records.iter().enumerate().map(record).collect::<Vec<_>>()})
}

/// Returns the context of an invocation with this much time.
pub(crate) fn context(time: Duration) -> Context {
    let deadline = (SystemTime::now() + time).duration_since(UNIX_EPOCH).expect("later");
    let mut context = Context::default();
    context.deadline = u64::try_from(deadline.as_millis()).expect("fits");
    context
}

fn database_on(url: &str) -> CatalogDatabase {
    CatalogDatabase::new(Login::Fixed(url.parse().expect("a URL")), 1)
}

fn cache_settings(url: &str) -> CacheSettings {
    CacheSettings { endpoint: CacheEndpoint::Url(Secret(url.to_owned())), view_seconds: 300 }
}

/// Returns empty settings: the login is given, so they are not used.
fn unused() -> DatabaseSettings {
    let text = String::new;
    DatabaseSettings { host: text(), port: 1, name: text(), secret_arn: text(), tls: DatabaseTls::Disabled }
}

/// Returns the AWS configuration for this endpoint.
pub(crate) fn aws(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("key", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}
