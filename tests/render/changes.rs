//! Changes between two renders that are refused or warned of.

use crate::test_dir::TestDir;

/// Returns a folder where an environment with these settings was rendered.
fn rendered(settings: &str) -> TestDir {
    let dir = TestDir::new();
    dir.write("pipegen.toml", settings);
    dir.render().succeeded();
    dir
}

#[test]
fn what_aws_cannot_do_in_one_apply_is_refused_and_nothing_is_written() {
    let dir = rendered("[defaults]\ndatabase_storage_gb = 100\n");
    let before = dir.read("tf-out/staging/main.tf.json");
    dir.write(
        "pipegen.toml",
        "[defaults]\ndatabase_storage_gb = 50\nnetwork_cidr = \"10.1.0.0/16\"\npeak_updates_per_minute = 200000\n",
    );
    dir.write("bootstrap", [crate::elf::Elf::default().bytes(), vec![1]].concat());
    let files = dir.files();
    dir.render().refused(&[
        "shrink from 100 to 50 GiB",
        "10.64.0.0/20 to 10.1.0.0/16",
        "from 1 to 7 shards",
        "`peak_updates_per_minute = 60000` (2 shards), then `peak_updates_per_minute = 120000` (4 shards)",
        "remove `tf-out/staging/main.tf.json` and render again",
    ]);
    assert_eq!((dir.files(), dir.read("tf-out/staging/main.tf.json")), (files, before));

    std::fs::remove_file(dir.path("tf-out/staging/main.tf.json")).unwrap();
    dir.render().succeeded();
}

#[test]
fn the_steps_that_are_named_lead_there() {
    let dir = rendered("");
    for peak in [60_000, 120_000, 200_000, 120_000, 60_000, 30_000] {
        dir.write("pipegen.toml", format!("[defaults]\npeak_updates_per_minute = {peak}\n"));
        dir.render().succeeded();
    }
}

#[test]
fn what_costs_data_or_time_is_warned_of_and_written() {
    let dir = rendered("[defaults]\narchive_retention_days = 2000\nstream_retention_hours = 168\n");
    dir.write("pipegen.toml", "[defaults]\ndatabase_instance_class = \"db.t4g.medium\"\nstream_retention_hours = 48\n");
    let run = dir.render().succeeded();
    for word in ["warning: ", "48 h instead of 168 h", "days instead of 2000", "db.t4g.micro to db.t4g.medium"] {
        assert!(run.stderr.contains(word), "`{word}` is missing in\n{}", run.stderr);
    }
    assert!(dir.read("tf-out/staging/main.tf.json").contains("db.t4g.medium"));
    assert!(!dir.render().succeeded().stderr.contains("warning"), "warned again");
}

#[test]
fn an_earlier_file_that_is_broken_or_foreign_does_not_stop_it() {
    let dir = rendered("");
    let good = dir.read("tf-out/staging/main.tf.json");
    for (earlier, is_noted) in [(good.get(..good.len() / 2).unwrap(), true), ("", true), ("{\"resource\": [1]}", false)]
    {
        dir.write("tf-out/staging/main.tf.json", earlier);
        let run = dir.render().succeeded();
        assert_eq!(run.stderr.contains("is not JSON"), is_noted, "{}", run.stderr);
        assert_eq!(dir.read("tf-out/staging/main.tf.json"), good);
    }
}
