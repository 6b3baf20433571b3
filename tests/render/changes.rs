//! What a second render says about the first.

use crate::workshop::Workshop;

/// A folder where an environment with these settings was rendered.
fn rendered(settings: &str) -> Workshop {
    let workshop = Workshop::new();
    workshop.write("pipegen.toml", settings);
    workshop.render().fine();
    workshop
}

#[test]
fn what_aws_cannot_do_in_one_apply_is_refused_and_nothing_is_written() {
    let workshop = rendered("[defaults]\ndatabase_storage_gb = 100\n");
    let before = workshop.read("tf-out/staging/main.tf.json");
    workshop.write(
        "pipegen.toml",
        "[defaults]\ndatabase_storage_gb = 50\nnetwork_cidr = \"10.1.0.0/16\"\npeak_updates_per_minute = 200000\n",
    );
    workshop.write("bootstrap", [crate::elf::Elf::default().bytes(), vec![1]].concat());
    let files = workshop.files();
    workshop.render().refused(&[
        "shrink from 100 to 50 GiB",
        "10.64.0.0/20 to 10.1.0.0/16",
        "from 1 to 7 shards",
        "`peak_updates_per_minute = 60000` (2 shards), then `peak_updates_per_minute = 120000` (4 shards)",
        "remove `tf-out/staging/main.tf.json` and render again",
    ]);
    assert_eq!((workshop.files(), workshop.read("tf-out/staging/main.tf.json")), (files, before));

    std::fs::remove_file(workshop.path("tf-out/staging/main.tf.json")).unwrap();
    workshop.render().fine();
}

#[test]
fn the_steps_that_are_named_lead_there() {
    let workshop = rendered("");
    for peak in [60_000, 120_000, 200_000, 120_000, 60_000, 30_000] {
        workshop.write("pipegen.toml", format!("[defaults]\npeak_updates_per_minute = {peak}\n"));
        workshop.render().fine();
    }
}

#[test]
fn what_costs_data_or_time_is_told_and_written() {
    let workshop = rendered("[defaults]\narchive_retention_days = 2000\nstream_retention_hours = 168\n");
    workshop.write(
        "pipegen.toml",
        "[defaults]\ndatabase_instance_class = \"db.t4g.medium\"\nstream_retention_hours = 48\n",
    );
    let run = workshop.render().fine();
    for word in ["warning: ", "48 h instead of 168 h", "days instead of 2000", "db.t4g.micro to db.t4g.medium"] {
        assert!(run.stderr.contains(word), "`{word}` is missing in\n{}", run.stderr);
    }
    assert!(workshop.read("tf-out/staging/main.tf.json").contains("db.t4g.medium"));
    assert!(!workshop.render().fine().stderr.contains("warning"), "told again");
}

#[test]
fn an_earlier_file_that_is_broken_or_foreign_does_not_stop_it() {
    let workshop = rendered("");
    let good = workshop.read("tf-out/staging/main.tf.json");
    for (earlier, is_told) in [(good.get(..good.len() / 2).unwrap(), true), ("", true), ("{\"resource\": [1]}", false)]
    {
        workshop.write("tf-out/staging/main.tf.json", earlier);
        let run = workshop.render().fine();
        assert_eq!(run.stderr.contains("is no JSON"), is_told, "{}", run.stderr);
        assert_eq!(workshop.read("tf-out/staging/main.tf.json"), good);
    }
}
