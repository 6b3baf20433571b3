//! The same from S3, with the real SDK over S3's emulator.

use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region};
use pipegen::archive::bucket::Bucket;
use pipegen::archive::line::{Kind, Line};
use pipegen::archive::merged::each_line;
use pipegen::archive::source::Source;
use pipegen::archive::time_range::TimeRange;
use pipegen::archive::verify::verify;
use pipegen::emulators::s3::{self, Buckets};
use pipegen::lambda_host::credentials::Credentials as Key;
use pipegen::session::listener::Listener;

use crate::kept::{Kept, Record, event, record};

fn client(endpoint: &str, key: &Key) -> Client {
    let configuration = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(Credentials::new(&*key.key_id, &*key.secret_key, None, None, "test"));
    Client::from_conf(configuration.build())
}

/// More objects than a page of a listing has.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_comes_from_s3_as_from_a_folder() {
    let kept = Kept::new();
    let records: Vec<Record> = (0..2400).map(|number| record(number * 5, event("acme", &number.to_string()))).collect();
    for batch in records.chunks(2) {
        kept.archive(batch);
    }
    kept.reject(&[(&records[7], 0, &records[7].data, "unknown_supplier", "x")]);

    let (listener, key) = (Listener::open(0).unwrap(), Key::generate());
    let client = client(&listener.url(), &key);
    let buckets = Buckets::open(kept.path().join("objects"), &["s3-archive", "s3-quarantine"]).unwrap();
    let _server = s3::serve(listener, Arc::new(buckets), &key, &Arc::default()).unwrap();
    let bucket = |name: &str| Source::Bucket(Bucket::new(client.clone(), name.to_owned()));
    let (archive, quarantine) = (bucket("s3-archive"), bucket("s3-quarantine"));

    let range = |from, to| TimeRange::parse(from, to, chrono::Utc::now()).unwrap();
    for (range, expected) in [
        (TimeRange::default(), &records[..]),
        (range(Some("2020-11-23T06:00:00Z"), Some("2020-11-23T07:00:00Z")), &records[720..1440]),
        (range(None, Some("2020-11-23T05:00:10Z")), &records[..2]),
        (range(Some("2020-11-24"), None), &[]),
    ] {
        let mut lines = Vec::new();
        let pass_on = async |_: &str, line: &str| {
            lines.push(line.to_owned());
            Ok(true)
        };
        each_line(&archive, Kind::Archive, &range, |_: &Line<'_>| true, pass_on).await.unwrap();
        assert_eq!(lines, expected.iter().map(Record::line).collect::<Vec<_>>());
    }
    let summary =
        verify(&archive, Some(&quarantine), &TimeRange::default(), chrono::Utc::now(), |problem| panic!("{problem}"))
            .await
            .unwrap();
    assert_eq!((summary.archive.objects, summary.archive.lines), (1200, 2400));
    assert_eq!(summary.quarantine.unwrap().lines, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (listener, key) = (Listener::open(0).unwrap(), Key::generate());
    let client = client(&listener.url(), &key);
    let buckets = Buckets::open(folder.path().to_owned(), &["other"]).unwrap();
    let _server = s3::serve(listener, Arc::new(buckets), &key, &Arc::default()).unwrap();
    let archive = Source::Bucket(Bucket::new(client, "s3-archive".to_owned()));
    let error =
        verify(&archive, None, &TimeRange::default(), chrono::Utc::now(), |_| Ok(())).await.unwrap_err().to_string();
    assert!(error.contains("s3:ListBucket on s3-archive: it does not exist"), "{error}");
}
