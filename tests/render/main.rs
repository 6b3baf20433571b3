//! Everything about `pipegen render` that needs no server and no Terraform.
//!
//! The files; a new test goes to the one whose line fits:
//!
//! - `golden`: the rendered text of whole environments, and the reports on faulty settings files. `UPDATE_GOLDEN=1`
//!   rewrites the files under `tests/golden/`; read the difference before you commit it.
//! - `cost`: the estimate: sums by hand, nothing forgotten
//! - `diagram`: the flowchart: what is drawn is what the rendered file refers to
//! - `references`: every reference in the output resolves
//! - `names`: every name follows the rule and fits
//! - `policy`: what must hold for any environment: encryption, least privilege, no secret, alarms, nothing that AWS
//!   would refuse or that outlives a destroy
//! - `settings`: single rules of the settings file
//! - `settings_page`: `docs/settings.md` says what the program accepts
//! - `bootstrap`: bootstraps that are refused, with the reasons
//! - `changes`: changes between two renders that are refused or warned of
//! - `folder`: files that are written, removed and left alone
//! - `messages`: the help of every command, and errors, as people see them
//! - `command`: exit codes, standard output and error, help
//!
//! Shared by them:
//!
//! - `elf`: makes small ELF files of any kind
//! - `rendered`: renders in this process
//! - `test_dir`: a temporary folder to run `pipegen` in

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod bootstrap;
mod changes;
mod command;
mod cost;
mod diagram;
mod elf;
mod folder;
mod golden;
mod messages;
mod names;
mod policy;
mod references;
mod rendered;
mod settings;
mod settings_page;
mod test_dir;
