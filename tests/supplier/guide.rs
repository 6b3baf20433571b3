//! The examples of the guides and of `--help` run as printed. Their files are those that the same page shows; a stream of
//! the test's own stands in for the environment's.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::events::{counts, minutes_ago};
use crate::folder::{Folder, Run};
use crate::stream::TestStream;

/// The day of the examples, which is long ago.
const TIME: &str = "2026-11-27T05:00:00Z";

/// Returns the part of a page from one heading on.
fn page(file: &str, heading: &str) -> String {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let begin = text.find(heading).unwrap_or_else(|| panic!("{file} has no {heading}"));
    text.split_at(begin).1.replace(TIME, &minutes_ago(5))
}

/// Returns the blocks of code: the words behind the fence, and the text.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let fenced = page.split("\n```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').unwrap()).collect()
}

/// Runs a command of the shell in the folder, with the stream in the place of AWS.
fn shell(folder: &Folder, stream: &TestStream, command: &str) -> Run {
    let here = command.replace("http://127.0.0.1:8080", &stream.url);
    let sends = here.contains("pipegen send") && !here.contains("--check ") && !here.contains("--endpoint");
    let here =
        if sends { here.replace("pipegen send", &format!("pipegen send --endpoint {}", stream.url)) } else { here };
    let folder_of_pipegen = Path::new(env!("CARGO_BIN_EXE_pipegen")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", folder_of_pipegen.display());
    let output = Command::new("/bin/sh")
        .args(["-c", &here])
        .current_dir(folder.path(""))
        .env_clear()
        .env("PATH", path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Run::new(&output)
}

/// Writes the files of a page and runs its commands; returns what they said.
fn run_page(file: &str, heading: &str) -> (Vec<Run>, TestStream) {
    let (folder, stream) = (Folder::new(), TestStream::start([]));
    let page = page(file, heading);
    for (words, text) in blocks(&page) {
        if let Some((_, name)) = words.split_once(' ') {
            folder.write(name, format!("{text}\n"));
        }
    }
    let commands = blocks(&page).into_iter().filter(|(words, _)| *words == "sh").flat_map(|(_, text)| text.lines());
    let commands = commands.filter(|line| line.starts_with("pipegen send"));
    (commands.map(|command| shell(&folder, &stream, command)).collect(), stream)
}

#[test]
fn the_guide_for_suppliers() {
    let (runs, stream) = run_page("docs/SUPPLIERS.md", "\n## Sending files");
    assert_eq!(runs.len(), 6);
    for run in runs {
        run.ended(0);
    }
    let taken: String = stream.taken().into_iter().map(|taken| taken.data + "\n").collect();
    for part in ["\"quantity\":12", "\"amount\":\"18.5\"", "acme-london", "\"delta\":-6", "woo-vneck-tee"] {
        assert!(taken.contains(part), "{part} in {taken}");
    }
}

#[test]
fn the_readme() {
    let (mut runs, _) = run_page("README.md", "\n## Send a file");
    let run = runs.remove(0).ended(1);
    let page = page("README.md", "\n## Send a file");
    let (_, shown) = blocks(&page).into_iter().find(|(words, _)| *words == "text").unwrap();
    let said = run.stderr.lines().filter(|line| !line.starts_with("note: "));
    let printed: Vec<_> = said.chain(run.stdout.lines().filter(|line| !line.starts_with("seconds"))).collect();
    assert_eq!(printed.join("\n"), shown);
}

#[test]
fn the_help() {
    let (folder, stream) = (Folder::new(), TestStream::start([]));
    folder.write("events.jsonl", counts(3));
    let mut more = GzEncoder::new(Vec::new(), Compression::fast());
    more.write_all(counts(2).as_bytes()).unwrap();
    folder.write("more.jsonl.gz", more.finish().unwrap());
    folder.write("stock.csv", "SKU,Stock,Regular price\nA,1,2.50\n");
    for (command, examples) in [("send", 6), ("schema", 3)] {
        let help = folder.pipegen([command, "--help"]).ended(0).stdout;
        let keys = help.lines().map(str::trim).filter(|line| line.contains(" = "));
        folder.write("stock.toml", keys.collect::<Vec<_>>().join("\n"));
        let lines =
            help.lines().skip_while(|line| *line != "Examples:").skip(1).take_while(|line| line.starts_with("  "));
        let runs: Vec<_> = lines.map(|line| shell(&folder, &stream, line).ended(0)).collect();
        assert_eq!(runs.len(), examples);
    }
    assert!(folder.read("record.schema.json").starts_with('{') && folder.read("inventory.xreg.json").starts_with('{'));
    assert!(stream.taken().iter().any(|taken| taken.data.contains("\"amount\":\"2.5\"")));
}
