//! The operations and their limits, without HTTP. `tests/local` uses them with the real SDK.

use std::sync::Arc;

use base64_simd::STANDARD;
use serde_json::{Value, json};

use super::protocol::{Kinesis, TARGET};
use crate::emulators::api_error::ApiError;
use crate::stream::{OpenStream, StreamReader};

const ARN: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/kinesis-inventory-test";
const NAME: &str = "kinesis-inventory-test";

fn kinesis() -> (Kinesis, StreamReader) {
    let (stream, reader) = OpenStream::open(ARN.to_owned(), 2);
    (Kinesis { stream: Arc::new(stream), retention_hours: 24 }, reader)
}

fn call(operation: &str, request: &Value) -> Result<Value, ApiError> {
    kinesis().0.call(&format!("{TARGET}{operation}"), request.to_string().as_bytes())
}

fn refused(operation: &str, request: &Value) -> (&'static str, String) {
    let error = call(operation, request).expect_err(operation);
    (error.exception, error.message)
}

fn record(key: &str, bytes: usize) -> Value {
    json!({"PartitionKey": key, "Data": STANDARD.encode_to_string(vec![b'x'; bytes])})
}

#[tokio::test]
async fn records_are_put_on_the_stream_in_their_order() {
    let (kinesis, mut reader) = kinesis();
    let records = json!([record("acme/1", 3), record("acme/2", 4)]);
    let request = json!({"StreamName": NAME, "Records": records}).to_string();
    let answer = kinesis.call("Kinesis_20131202.PutRecords", request.as_bytes()).expect("put");
    assert_eq!(answer["FailedRecordCount"], 0);
    for (index, (key, bytes)) in [("acme/1", 3), ("acme/2", 4)].into_iter().enumerate() {
        let read = reader.next().await.expect("a record");
        assert_eq!((&*read.partition_key, read.data.len()), (key, bytes));
        let entry = json!({"ShardId": read.shard, "SequenceNumber": read.sequence_number});
        assert_eq!(answer["Records"][index], entry);
    }
    let last = "340282366920938463463374607431768211455";
    let request = json!({"StreamARN": ARN, "PartitionKey": "k", "Data": "", "ExplicitHashKey": last});
    let answer = kinesis.call("Kinesis_20131202.PutRecord", request.to_string().as_bytes()).expect("put");
    assert_eq!(answer["ShardId"], "shardId-000000000001");
}

#[test]
fn another_stream_is_not_found() {
    for operation in ["ListShards", "DescribeStreamSummary"] {
        let (exception, message) = refused(operation, &json!({"StreamName": "other"}));
        assert_eq!(exception, "ResourceNotFoundException");
        assert!(message.contains("other") && message.contains(ARN), "{message}");
        assert_eq!(refused(operation, &json!({})).0, "ValidationException");
    }
    let other = ARN.replace("test", "other");
    let request = json!({"StreamARN": other, "PartitionKey": "k", "Data": ""});
    assert_eq!(refused("PutRecord", &request).0, "ResourceNotFoundException");
}

#[test]
fn what_breaks_a_limit_is_refused_and_says_where() {
    let put = |records: Vec<Value>| json!({"StreamName": NAME, "Records": records});
    let largest = 1024 * 1024;
    for (records, exception, words) in [
        (vec![], "ValidationException", "1 to 500"),
        (vec![record("k", 1); 501], "ValidationException", "not 501"),
        (vec![record("k", 1), record("k", largest)], "ValidationException", "Records[1]: the record has 1048577 bytes"),
        (vec![record("", 1)], "ValidationException", "PartitionKey must have 1 to 256 characters, not 0"),
        (vec![record(&"é".repeat(257), 1)], "ValidationException", "not 257"),
        (vec![json!({"Data": ""})], "ValidationException", "PartitionKey is missing"),
        (vec![json!({"Data": "*", "PartitionKey": "k"})], "SerializationException", "Data is not base64"),
        (vec![json!({"PartitionKey": "k"})], "SerializationException", "Data"),
        (vec![record("k", largest - 1); 11], "InvalidArgumentException", "11534336 bytes"),
        (
            vec![
                json!({"Data": "", "PartitionKey": "k", "ExplicitHashKey": "340282366920938463463374607431768211456"}),
            ],
            "InvalidArgumentException",
            "ExplicitHashKey",
        ),
        (
            vec![json!({"Data": "", "PartitionKey": "k", "ExplicitHashKey": "01"})],
            "InvalidArgumentException",
            "ExplicitHashKey",
        ),
    ] {
        let (found, message) = refused("PutRecords", &put(records));
        assert!(found == exception && message.contains(words), "{found}: {message}");
    }
    assert!(call("PutRecords", &put(vec![record(&"é".repeat(256), 1); 500])).is_ok(), "as many as there may be");
    assert!(call("PutRecords", &put(vec![record("k", largest - 1); 10])).is_ok(), "as large as they may be");
    assert_eq!(refused("GetRecords", &json!({})).0, "UnknownOperationException");
}

#[test]
fn the_stream_is_described() {
    let shards = call("ListShards", &json!({"StreamName": NAME})).expect("listed");
    assert_eq!(shards["Shards"].as_array().map(Vec::len), Some(2));
    assert_eq!(shards["Shards"][0]["HashKeyRange"]["EndingHashKey"], "170141183460469231731687303715884105727");
    let summary = call("DescribeStreamSummary", &json!({"StreamARN": ARN})).expect("described");
    let summary = &summary["StreamDescriptionSummary"];
    assert_eq!((&summary["StreamStatus"], &summary["OpenShardCount"]), (&json!("ACTIVE"), &json!(2)));
    assert_eq!((&summary["StreamARN"], &summary["RetentionPeriodHours"]), (&json!(ARN), &json!(24)));
}

#[test]
fn shards_are_split_and_merged_as_kinesis_lists_them() {
    let (kinesis, _reader) = kinesis();
    let call = |operation: &str, request: &Value| {
        let mut request = request.clone();
        request["StreamName"] = NAME.into();
        kinesis.call(&format!("{TARGET}{operation}"), request.to_string().as_bytes())
    };
    let (first, second) = ("shardId-000000000000", "shardId-000000000001");
    let split = json!({"ShardToSplit": first, "NewStartingHashKey": "85070591730234615865843651857942052864"});
    call("SplitShard", &split).expect("split");
    call("MergeShards", &json!({"ShardToMerge": "shardId-000000000003", "AdjacentShardToMerge": second}))
        .expect("merged");
    let list = call("ListShards", &json!({})).expect("listed");
    let shards = list["Shards"].as_array().expect("a list");
    let parents =
        |index: usize| (shards[index]["ParentShardId"].as_str(), shards[index]["AdjacentParentShardId"].as_str());
    assert_eq!((shards.len(), parents(0), parents(2)), (5, (None, None), (Some(first), None)));
    assert_eq!(parents(4), (Some("shardId-000000000003"), Some(second)));
    let range = &shards[4]["HashKeyRange"];
    assert_eq!(range["StartingHashKey"], "85070591730234615865843651857942052864");
    assert_eq!(range["EndingHashKey"], u128::MAX.to_string());
    let closed: Vec<bool> =
        shards.iter().map(|shard| shard["SequenceNumberRange"]["EndingSequenceNumber"].is_string()).collect();
    assert_eq!(closed, [true, true, false, true, false]);
    let summary = call("DescribeStreamSummary", &json!({})).expect("described");
    assert_eq!(summary["StreamDescriptionSummary"]["OpenShardCount"], 2);
    let refused = |operation: &str, request: Value| call(operation, &request).expect_err(operation).exception;
    assert_eq!(refused("SplitShard", split), "InvalidArgumentException", "it is closed");
    let unknown = json!({"ShardToSplit": "shardId-000000000009", "NewStartingHashKey": "1"});
    assert_eq!(refused("SplitShard", unknown), "ResourceNotFoundException");
    let twice = json!({"ShardToMerge": "shardId-000000000002", "AdjacentShardToMerge": "shardId-000000000002"});
    assert_eq!(refused("MergeShards", twice), "InvalidArgumentException");
}
