//! The estimate: sums by hand, nothing forgotten, nothing counted twice.

use std::collections::BTreeSet;

use pipegen::config::{self, Config, Environment, SettingsFile};
use pipegen::cost::{Estimate, LineItem, Section, prices};
use serde_json::{Value, json};

use crate::golden::compare;
use crate::rendered::{KINDS, render};
use crate::test_dir::TestDir;

fn config(environment: &str, settings: &str) -> Config {
    let source = SettingsFile { path: "pipegen.toml".into(), text: settings.into() };
    config::load(Some(&source), Ok(Environment::parse(environment).unwrap())).unwrap()
}

/// Estimates an environment with these settings.
fn estimate(environment: &str, settings: &str) -> Estimate {
    Estimate::of(&config(environment, settings), &render(environment, settings).main).unwrap()
}

/// Estimates a stack that was written by hand, at 1000 updates a minute unless set otherwise.
fn by_hand(resources: &Value, settings: &str) -> Estimate {
    Estimate::of(&config("test", settings), &json!({ "resource": resources }).to_string()).unwrap()
}

fn lines(estimate: &Estimate) -> impl Iterator<Item = &LineItem> {
    [&estimate.fixed, &estimate.by_use, &estimate.always_free].into_iter().flat_map(|section| &section.lines)
}

#[track_caller]
fn line<'a>(section: &'a Section, item: &str) -> &'a LineItem {
    section.lines.iter().find(|line| line.item == item).unwrap_or_else(|| panic!("no line `{item}` in {section:#?}"))
}

#[track_caller]
fn assert_line(section: &Section, item: &str, quantity: f64, sum: f64) {
    let line = line(section, item);
    assert!((line.quantity - quantity).abs() <= quantity.abs() * 1e-4, "{line:#?}");
    assert!((line.sum - sum).abs() < 1e-9, "{line:#?}");
}

/// Returns one resource of every type that costs.
fn one_of_everything() -> Value {
    let function = |handler: &str, architecture: &str, variables: Value| {
        json!({
            "handler": handler,
            "architectures": [architecture],
            "memory_size": 256,
            "role": format!("${{aws_iam_role.{handler}.arn}}"),
            "environment": { "variables": variables },
            "vpc_config": { "subnet_ids": ["${aws_subnet.a.id}", "${aws_subnet.b.id}"] },
            "logging_config": { "log_group": format!("${{aws_cloudwatch_log_group.{handler}.name}}") },
        })
    };
    let mapping = |function: &str, size: u32, window: u32| {
        json!({
            "event_source_arn": "${aws_kinesis_stream.events.arn}",
            "function_name": format!("${{aws_lambda_function.{function}.arn}}"),
            "batch_size": size,
            "maximum_batching_window_in_seconds": window,
            "parallelization_factor": 1,
        })
    };
    json!({
        "aws_kinesis_stream": { "events": { "shard_count": 2, "retention_period": 268 } },
        "aws_db_instance": { "catalog": {
            "instance_class": "db.m7g.large", "multi_az": true, "allocated_storage": 20, "max_allocated_storage": 100,
            "backup_retention_period": 35, "manage_master_user_password": true,
        } },
        "aws_elasticache_replication_group": {
            "views": { "engine": "redis", "node_type": "cache.r7g.large", "num_cache_clusters": 3 },
        },
        "aws_vpc_endpoint": {
            "s3": { "vpc_endpoint_type": "Gateway" },
            "secrets": { "vpc_endpoint_type": "Interface", "subnet_ids": ["${aws_subnet.a.id}", "${aws_subnet.b.id}"] },
        },
        "aws_secretsmanager_secret": { "reader": {}, "writer": {} },
        "aws_secretsmanager_secret_rotation": { "writer": {
            "rotation_lambda_arn": "${aws_lambda_function.rotate.arn}", "rotation_rules": { "automatically_after_days": 30 },
        } },
        "aws_kms_key": { "main": { "enable_key_rotation": true } },
        "aws_cloudwatch_metric_alarm": {
            "one": { "metric_name": "Errors" },
            "two": { "metric_query": [{ "metric": {} }, { "metric": {} }, { "expression": "m0 + m1" }] },
        },
        "aws_cloudwatch_dashboard": { "main": {} },
        "aws_cloudwatch_log_group": {
            "archiver": { "retention_in_days": 365 }, "maintain": { "retention_in_days": 365 },
            "processor": { "retention_in_days": 365 }, "rotate": { "retention_in_days": 365 },
        },
        "aws_flow_log": { "network": { "traffic_type": "ALL" } },
        "aws_subnet": { "a": {}, "b": {} },
        "aws_lambda_function": {
            "archiver": function("archiver", "x86_64", json!({ "PIPEGEN_ARCHIVE_BUCKET": "${aws_s3_bucket.archive.bucket}" })),
            "maintain": function("maintain", "arm64", json!({})),
            "processor": function("processor", "x86_64", json!({ "PIPEGEN_METRIC_NAMESPACE": "test" })),
            "rotate": function("rotate", "arm64", json!({})),
        },
        "aws_lambda_event_source_mapping": {
            "archiver": mapping("archiver", 10_000, 300), "processor": mapping("processor", 500, 0),
        },
        "aws_scheduler_schedule": { "maintain": {
            "schedule_expression": "rate(5 minutes)", "target": { "arn": "${aws_lambda_function.maintain.arn}" },
        } },
        "aws_s3_bucket": { "archive": {} },
        "aws_s3_bucket_lifecycle_configuration": { "archive": {
            "bucket": "${aws_s3_bucket.archive.id}",
            "rule": [
                { "expiration": { "days": 1096 } },
                {
                    "filter": { "object_size_greater_than": 100_000 },
                    "transition": { "days": 30, "storage_class": "GLACIER_IR" },
                },
            ],
        } },
        "aws_iam_role": { "acme": {}, "globex": {} },
        "aws_iam_role_policy": {
            "acme": { "role": "${aws_iam_role.acme.name}", "policy": "{\"Action\":[\"kinesis:PutRecord\"]}" },
            "globex": { "role": "${aws_iam_role.globex.name}", "policy": "{\"Action\":[\"kinesis:PutRecord\"]}" },
        },
    })
}

/// A month has 730 hours, 43 800 minutes, 2 628 000 seconds; 1000 updates a minute make 43.8 million.
#[test]
fn fixed_costs_are_by_the_hour() {
    let fixed = by_hand(&one_of_everything(), "").fixed;
    assert_line(&fixed, "Kinesis shard", 1460.0, 21.90);
    assert_line(&fixed, "Kinesis retention to 7 days", 1460.0, 29.20);
    // Two zones, $0.168 and $0.115 in each.
    assert_line(&fixed, "PostgreSQL db.m7g.large", 1460.0, 245.28);
    assert_line(&fixed, "RDS gp3 storage", 40.0, 4.60);
    assert_line(&fixed, "Redis cache.r7g.large", 2190.0, 479.61);
    assert_line(&fixed, "Interface endpoint", 1460.0, 14.60);
    // Two of ours and the master's.
    assert_line(&fixed, "Secrets", 3.0, 1.20);
    // The key and two rotations in three years.
    assert_line(&fixed, "KMS key", 3.0, 3.00);
    assert_line(&fixed, "CloudWatch alarms", 3.0, 0.30);
    assert_line(&fixed, "CloudWatch dashboards", 1.0, 3.00);
    // Five names, one of them by seven reasons as well.
    assert_line(&fixed, "CloudWatch metrics", 12.0, 3.60);
    assert_eq!(fixed.lines.len(), 11, "{fixed:#?}");
}

/// $0.219 an hour for the same node of Redis, less a fifth.
#[test]
fn valkey_costs_a_fifth_less() {
    let mut resources = one_of_everything();
    resources["aws_elasticache_replication_group"]["views"]["engine"] = json!("valkey");
    assert_line(&by_hand(&resources, "").fixed, "Valkey cache.r7g.large", 2190.0, 383.69);
}

#[test]
fn usage_costs_by_the_update() {
    let estimate = by_hand(&one_of_everything(), "");
    let used = &estimate.by_use;
    assert_line(used, "Kinesis PUT units", 43.8, 0.61);
    // 100 hours beyond seven days, 60 000 updates an hour, 450 bytes: 2.7 GB.
    assert_line(used, "Kinesis retention beyond 7 days", 2.7, 0.06);
    // Two shards: 2 × 2 628 000 for the processor, 2 × 8760 windows of 300 s for the archiver, 8760 runs, 4 steps of
    // 1.0139 rotations.
    assert_line(used, "Lambda requests", 5.282_284, 1.06);
    // A quarter GB for 40 ms and 8.33 records of 0.5 ms, 5 256 000 times; and for 200 ms and 2500 records of 0.3 ms, 17
    // 520 times.
    assert_line(used, "Lambda duration, x86_64", 58_035.0 + 4161.0, 1.04);
    // 300 ms 8760 times and 1 s 4.06 times, a quarter GB.
    assert_line(used, "Lambda duration, arm64", 658.014, 0.01);
    // 826 bytes 5 256 000 times, 426 bytes 17 520 + 8760 times; flow logs: 12 interfaces, 10 lines of 150 bytes in 4380
    // intervals.
    assert_line(used, "CloudWatch log ingestion", 4.341_456 + 0.011_195 + 0.078_84 + 0.000_001, 2.22);
    // Twelve months of the functions' logs, compressed to 15 %.
    assert_line(used, "CloudWatch log storage", 4.352_652 * 12.0 * 0.15, 0.24);
    // 52 bytes an update: 2.2776 GB in a month of 30.4167 days, of which 30 are warm. The 18 980 objects of 120 KB are
    // billed as 131 072 bytes each for the 1066 days that they are cold.
    assert_line(used, "S3 Standard", 2.2464, 0.05);
    assert_line(used, "S3 Glacier Instant Retrieval", 87.1879, 0.35);
    // A window's object and one more an hour, of each shard.
    assert_line(used, "S3 PUT requests", 18.98, 0.09);
    assert_line(used, "S3 transitions to Glacier Instant Retrieval", 18.98, 0.38);
    // 1.44 million updates a day: a ledger of 7 days and 25 hours of 175 bytes each has 2.0265 GB, for which the 20
    // GB suffice; 35 days of 2000 bytes have 100.8 GB, so 82.8265 GB of backups are beyond the 20 that are free.
    assert_line(used, "RDS backups", 82.8265, 7.87);
    // 750 bytes an update, half of them crossing, both sides charged.
    assert_line(used, "Traffic between zones", 32.85, 0.33);
    // Every five minutes.
    assert_line(used, "Scheduler invocations", 0.008_76, 0.01);
    // Six execution environments start in every hour; ten calls a rotation.
    assert_line(used, "Secrets Manager calls", 0.439_014, 0.02);
    // Two suppliers and four readers, 12 times an hour: 52 560; 4380 starts; 4390.1 secrets; 18 980 objects.
    assert_line(used, "KMS requests", 8.031_014, 0.24);
    assert_eq!(used.lines.len(), 16, "{used:#?}");
}

#[test]
fn what_is_always_free_is_named_and_never_more_than_what_was_charged() {
    let estimate = by_hand(&one_of_everything(), "");
    let free = &estimate.always_free;
    assert_line(free, "CloudWatch metrics", -10.0, -3.00);
    assert_line(free, "CloudWatch alarms", -3.0, -0.30);
    assert_line(free, "CloudWatch dashboards", -1.0, -3.00);
    assert_line(free, "Lambda requests", -1.0, -0.20);
    assert_line(free, "KMS requests", -2.0, -0.06);
    for line in &free.lines {
        let charged = lines(&estimate).filter(|other| other.item == line.item && other.sum > 0.0).map(|line| line.sum);
        assert!(line.sum <= 0.0 && -line.sum <= charged.sum::<f64>() + 1e-9, "{line:#?}");
    }
}

#[test]
fn a_ledger_that_outgrows_the_storage_makes_it_grow_up_to_its_end() {
    let settings = "[defaults]\npeak_updates_per_minute = 10_000\nhorizon_days = 7";
    let used = by_hand(&one_of_everything(), settings).by_use;
    // 14.4 million a day, 8.0417 days, 175 bytes: 20.265 GB, 20 of which are there; in two zones.
    assert_line(&used, "RDS gp3 storage, grown", 0.53, 0.06);
    let settings = "[defaults]\npeak_updates_per_minute = 100_000\nhorizon_days = 7";
    let used = by_hand(&one_of_everything(), settings).by_use;
    assert_line(&used, "RDS gp3 storage, grown", 160.0, 18.40);
    assert!(
        line(&used, "RDS gp3 storage, grown").basis.ends_with("grows to 100 GB at most, which is too little"),
        "{used:#?}"
    );
}

#[test]
fn every_price_is_used() {
    let used = by_hand(&one_of_everything(), "");
    let used: BTreeSet<_> = lines(&used).map(|line| (line.unit, line.unit_price.to_bits(), line.page)).collect();
    for price in prices::ALL {
        assert!(used.contains(&(price.unit, price.dollars.to_bits(), price.page)), "nothing costs {price:?}");
    }
}

#[test]
fn every_resource_type_has_a_price_or_a_reason() {
    for (environment, settings) in KINDS {
        let estimate = estimate(environment, settings);
        assert_eq!(estimate.unknown, [""; 0], "{environment}: give these a line in `cost::resource_types`");
        let reasons = estimate.without_price.iter();
        assert!(reasons.clone().count() > 20 && reasons.clone().all(|kind| kind.resources > 0 && !kind.why.is_empty()));
    }
}

#[test]
fn what_has_no_known_price_is_said() {
    let mut main: Value = serde_json::from_str(&render("staging", "").main).unwrap();
    main["resource"]["aws_nat_gateway"] = json!({ "out": {} });
    main["resource"]["aws_db_instance"]["catalog"]["instance_class"] = "db.x9.huge".into();
    let estimate = Estimate::of(&config("staging", ""), &main.to_string()).unwrap();
    assert_eq!(estimate.unknown, ["aws_db_instance.catalog", "aws_nat_gateway.out"]);
    assert!(
        estimate.to_string().ends_with("price is not known: aws_db_instance.catalog, aws_nat_gateway.out"),
        "{estimate}"
    );
}

#[test]
fn every_sum_is_that_of_its_lines() {
    let same = |one: f64, other: f64| (one - other).abs() < 1e-9;
    for (environment, settings) in KINDS {
        let estimate = estimate(environment, settings);
        for line in lines(&estimate) {
            assert!((line.sum - line.quantity * line.unit_price).abs() <= 0.005 + 1e-9, "{line:#?}");
            assert!(!line.basis.is_empty() && line.page.starts_with("https://"), "{line:#?}");
        }
        let Estimate { fixed, by_use, always_free, list_total, total, .. } = &estimate;
        for section in [fixed, by_use, always_free] {
            assert!(same(section.subtotal, section.lines.iter().map(|line| line.sum).sum()), "{section:#?}");
        }
        assert!(same(*list_total, fixed.subtotal + by_use.subtotal), "{estimate:#?}");
        assert!(same(*total, list_total + always_free.subtotal) && total < list_total, "{estimate:#?}");
    }
}

#[test]
fn more_updates_cost_more() {
    let peaks = [1, 100, 1000, 5000, 30_000];
    let of = |peak| estimate("staging", &format!("[defaults]\npeak_updates_per_minute = {peak}"));
    let costs: Vec<_> = peaks.into_iter().map(|peak| of(peak).by_use.subtotal).collect();
    assert!(costs.is_sorted_by(|less, more| less < more), "{costs:?}");
}

/// Nothing that stands idle costs more than a dollar a month, and all of it together little more than it did.
#[test]
fn a_small_environment_stays_cheap() {
    let total = estimate("staging", "").total;
    assert!(total <= 51.0, "{total}");
}

/// 1000 updates a minute are 43.8 million, and 438 000 requests.
#[test]
fn requests_to_ingest_are_counted_where_the_stream_is_closed() {
    let of = |setting: &str| {
        let supplier = "[defaults.suppliers]\nacme = \"arn:aws:iam::111122223333:root\"";
        estimate("staging", &format!("[defaults]\n{setting}\n{supplier}"))
    };
    let (open, closed) = (of(""), of("direct_stream_access = false"));
    let requests = |estimate: &Estimate| line(&estimate.by_use, "Lambda requests").clone();
    assert!(!requests(&open).basis.contains("ingest"), "{:#?}", requests(&open));
    let closed_requests = requests(&closed);
    assert!(closed_requests.basis.contains("ingest 438000"), "{closed_requests:#?}");
    assert!((closed_requests.quantity - requests(&open).quantity - 0.438).abs() < 1e-9, "{closed_requests:#?}");
    // What it does takes no longer for the stream: it writes, and the readers stay as many.
    let keys = line(&closed.by_use, "KMS requests");
    assert!(keys.basis.contains("writers 1 and readers 2,"), "{keys:#?}");
}

#[test]
fn a_standby_doubles_the_database() {
    let items = ["PostgreSQL db.t4g.micro", "RDS gp3 storage"];
    let [one, two] = ["false", "true"].map(|it| estimate("staging", &format!("[defaults]\ndatabase_multi_az = {it}")));
    for item in items {
        let (one, two) = (line(&one.fixed, item), line(&two.fixed, item));
        assert!((one.sum * 2.0 - two.sum).abs() < 1e-9, "{one:#?} {two:#?}");
    }
}

#[test]
fn golden() {
    for (environment, settings) in KINDS {
        compare(&format!("{environment}.cost.txt"), &format!("{}\n", estimate(environment, settings)));
    }
    let json = serde_json::to_string_pretty(&estimate("staging", "")).unwrap();
    compare("staging.cost.json", &format!("{json}\n"));
}

#[test]
fn the_command_prints_the_estimate() {
    let dir = TestDir::new();
    dir.write("pipegen.toml", "[environments.staging]\nhorizon_days = 8\n");
    let text = dir.pipegen(["cost", "--env", "staging"]).succeeded();
    let expected = estimate("staging", "[environments.staging]\nhorizon_days = 8\n");
    assert_eq!((text.stdout, text.stderr.as_str()), (format!("{expected}\n"), ""));
    let json = dir.pipegen(["cost", "--env", "staging", "--json"]).succeeded();
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["total"], expected.total);
    assert_eq!(json["fixed"]["lines"][0]["item"], expected.fixed.lines[0].item);
    assert_eq!(dir.files(), ["bootstrap", "pipegen.toml"]);
}

#[test]
fn the_command_refuses_what_render_refuses() {
    let dir = TestDir::new();
    dir.pipegen(["cost", "--env", "No"]).refused(&["the environment `No`"]);
    dir.write("faulty.toml", "[defaults]\nhorizon_dayz = 7\n");
    dir.pipegen(["cost", "--env", "a", "--config", "faulty.toml"]).refused(&["unknown key `horizon_dayz`"]);
    dir.pipegen(["cost", "--env", "a", "--config", "nowhere.toml"]).refused(&["cannot read the settings file"]);
}

#[test]
fn render_ends_with_the_total() {
    let dir = TestDir::new();
    let total = estimate("staging", "").total;
    let run = dir.render().succeeded();
    let words = format!(
        "about ${total:.0} a month at 1000 updates in every minute; `pipegen cost --env staging` lists what for"
    );
    assert!(run.stdout.lines().any(|line| line == words), "{}", run.stdout);

    dir.write("some settings.toml", "");
    let arguments =
        ["render", "--env", "staging", "--bootstrap", "bootstrap", "--json", "--config", "some settings.toml"];
    let summary: Value = serde_json::from_str(&dir.pipegen(arguments).succeeded().stdout).unwrap();
    assert_eq!(summary["cost"]["dollars_a_month"], total);
    assert_eq!(summary["cost"]["details"], "pipegen cost --env staging --config 'some settings.toml'");
}
