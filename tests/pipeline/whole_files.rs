//! Whole records files, from the first record to the last.

use std::fs;

use anyhow::Result;

use crate::cases;
use crate::model::expected::Expected;
use crate::records::{lines, rearranged, synthetic};
use crate::run::archive::count_with_gzip;
use crate::run::objects::files;
use crate::run::results::{PreparedRun, RunResults, run_and_check};

#[test]
fn the_records_as_they_are() -> Result<()> {
    let lines = lines()?;
    let results = run_and_check(&lines)?;
    // The archive may be read by other software than ours.
    assert!(count_with_gzip(&results.bucket("archive"))? >= lines.len(), "gzip finds fewer lines than records");
    Ok(())
}

#[test]
fn the_records_shuffled() -> Result<()> {
    run_and_check(&rearranged::shuffled(&lines()?)).map(drop)
}

#[test]
fn all_records_and_then_all_of_them_again() -> Result<()> {
    run_and_check(&rearranged::repeated(&lines()?)).map(drop)
}

#[test]
fn every_record_followed_by_a_copy() -> Result<()> {
    run_and_check(&rearranged::interleaved(&lines()?)?).map(drop)
}

#[test]
fn the_records_over_four_shards() -> Result<()> {
    run_and_check(&rearranged::spread(&lines()?, 4)?).map(drop)
}

#[test]
fn few_products_with_every_rule_of_meaning() -> Result<()> {
    run_and_check(&synthetic::few_products()).map(drop)
}

#[test]
fn many_products_whose_changes_often_cancel_out() -> Result<()> {
    run_and_check(&synthetic::many_products()).map(drop)
}

#[test]
fn many_products_repeated_and_shuffled() -> Result<()> {
    run_and_check(&rearranged::shuffled(&rearranged::repeated(&synthetic::many_products()))).map(drop)
}

#[test]
fn few_products_repeated_shuffled_and_over_four_shards() -> Result<()> {
    let lines = rearranged::shuffled(&rearranged::repeated(&synthetic::few_products()));
    run_and_check(&rearranged::spread(&lines, 4)?).map(drop)
}

#[test]
fn a_case_for_every_rule_of_the_format() -> Result<()> {
    let results = run_and_check(&cases::lines())?;
    // The verdicts were written by hand: this compares the pipeline with them directly, without the model.
    let verdicts: Vec<cases::Verdict> = cases::all().into_iter().flat_map(|case| case.verdicts).collect();
    assert_eq!(results.count("events"), u64::try_from(verdicts.len())?);
    assert_eq!(results.rejected(), u64::try_from(verdicts.iter().flatten().count())?);
    Ok(())
}

#[test]
fn the_archive_can_be_replayed_like_its_records() -> Result<()> {
    let lines = cases::lines();
    let expected = Expected::of(&lines)?;
    let results = run_and_check(&lines)?;
    // Unchanged, one after the other.
    let objects = files(&results.bucket("archive"))?.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?.concat();
    let prepared = PreparedRun::new(&expected)?.edit(|local| {
        let records = local.path("archive.jsonl.gz");
        fs::write(&records, objects)?;
        Ok(local.option("--records", records))
    })?;
    let (cache, running) = prepared.start()?;
    RunResults::after(cache, running.wait()?.succeeded()?)?.check(&expected)
}

#[test]
fn records_of_suppliers_libraries() -> Result<()> {
    let results = run_and_check(&cases::files::lines())?;
    // The expected values were written by hand, those of S1 for each file alone.
    let files = cases::files::all();
    let rejections: usize = files.iter().map(|file| file.rejections.len()).sum();
    assert_eq!(results.rejected(), u64::try_from(rejections)?);
    let export = results.export()?;
    for file in files {
        for (sku, pointer, value) in file.views.iter().filter(|(sku, ..)| *sku != "S1") {
            let found = export.content(sku).and_then(|view| view.pointer(pointer));
            assert_eq!(found, Some(&serde_json::from_str(value)?), "{} {sku} {pointer}", file.name);
        }
    }
    Ok(())
}
