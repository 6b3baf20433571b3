//! Records from the first to the last.

use std::fs;

use anyhow::Result;

use crate::cases;
use crate::model::expected::Expected;
use crate::records::{crowded, lines, rearranged};
use crate::run::archive::count_with_gzip;
use crate::run::objects::files;
use crate::run::play::{Play, Played, play_and_check};

#[test]
fn the_records_as_they_are() -> Result<()> {
    let lines = lines()?;
    let played = play_and_check(&lines)?;
    // What reads the archive one day need not be ours.
    assert!(count_with_gzip(&played.bucket("archive"))? >= lines.len(), "gzip finds fewer lines than records");
    Ok(())
}

#[test]
fn the_records_shuffled() -> Result<()> {
    play_and_check(&rearranged::shuffled(&lines()?)).map(drop)
}

#[test]
fn all_records_and_then_all_of_them_again() -> Result<()> {
    play_and_check(&rearranged::repeated(&lines()?)).map(drop)
}

#[test]
fn every_record_followed_by_a_copy() -> Result<()> {
    play_and_check(&rearranged::interleaved(&lines()?)?).map(drop)
}

#[test]
fn the_records_over_four_shards() -> Result<()> {
    play_and_check(&rearranged::spread(&lines()?, 4)?).map(drop)
}

#[test]
fn a_crowd_in_which_every_rule_of_meaning_works() -> Result<()> {
    play_and_check(&crowded::dense()).map(drop)
}

#[test]
fn a_scattered_crowd_whose_changes_often_cancel_out() -> Result<()> {
    play_and_check(&crowded::scattered()).map(drop)
}

#[test]
fn the_scattered_crowd_twice_and_shuffled() -> Result<()> {
    play_and_check(&rearranged::shuffled(&rearranged::repeated(&crowded::scattered()))).map(drop)
}

#[test]
fn the_crowd_repeated_shuffled_and_over_four_shards() -> Result<()> {
    let lines = rearranged::shuffled(&rearranged::repeated(&crowded::dense()));
    play_and_check(&rearranged::spread(&lines, 4)?).map(drop)
}

#[test]
fn a_case_for_every_rule_of_the_format() -> Result<()> {
    let played = play_and_check(&cases::lines())?;
    // The verdicts were given by hand: here they are held against the pipeline without the model in between.
    let verdicts: Vec<cases::Verdict> = cases::all().into_iter().flat_map(|case| case.verdicts).collect();
    assert_eq!(played.count("events"), u64::try_from(verdicts.len())?);
    assert_eq!(played.rejected(), u64::try_from(verdicts.iter().flatten().count())?);
    Ok(())
}

#[test]
fn the_archive_plays_as_its_records_did() -> Result<()> {
    let lines = cases::lines();
    let expected = Expected::of(&lines)?;
    let played = play_and_check(&lines)?;
    // As they lie, one after the other.
    let objects = files(&played.bucket("archive"))?.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?.concat();
    let play = Play::new(&expected)?.edit(|local| {
        let records = local.path("archive.jsonl.gz");
        fs::write(&records, objects)?;
        Ok(local.option("--records", records))
    })?;
    let (cache, running) = play.start()?;
    Played::after(cache, running.wait()?.succeeded()?)?.check(&expected)
}

#[test]
fn what_suppliers_libraries_really_send() -> Result<()> {
    let played = play_and_check(&cases::files::lines())?;
    // The right values were given by hand, those of S1 for each file alone.
    let files = cases::files::all();
    let rejections: usize = files.iter().map(|file| file.rejections.len()).sum();
    assert_eq!(played.rejected(), u64::try_from(rejections)?);
    let export = played.export()?;
    for file in files {
        for (sku, pointer, value) in file.views.iter().filter(|(sku, ..)| *sku != "S1") {
            let found = export.content(sku).and_then(|view| view.pointer(pointer));
            assert_eq!(found, Some(&serde_json::from_str(value)?), "{} {sku} {pointer}", file.name);
        }
    }
    Ok(())
}
