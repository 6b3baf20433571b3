//! Everything about `pipegen render` that needs no server and no Terraform.
//!
//! What is where; a new test goes to the file whose line fits:
//!
//! - `golden`: the rendered text of whole environments, and what faulty settings files are told. `UPDATE_GOLDEN=1` writes the
//!   files under `tests/golden/` anew; read the difference before you commit it.
//! - `cost`: the estimate: sums by hand, nothing forgotten
//! - `diagram`: the picture: what is drawn is what the rendered file refers to
//! - `references`: every reference in the output leads somewhere
//! - `names`: every name follows the rule and fits
//! - `policy`: what must hold for any environment: encryption, least privilege, no secret, alarms, nothing that AWS would refuse or
//!   that outlives a destroy
//! - `settings`: single rules of the settings file
//! - `settings_page`: `docs/settings.md` says what the program accepts
//! - `bootstrap`: which bootstraps are refused and what is said about them
//! - `changes`: what a second render says about the first
//! - `folder`: what is written, in which order, what is swept, what is left alone
//! - `command`: exit codes, standard output and error, help
//!
//! And what they share:
//!
//! - `elf`: makes small ELF files of any kind
//! - `rendered`: renders in this process
//! - `workshop`: a throwaway folder and the command in it

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod bootstrap;
mod changes;
mod command;
mod cost;
mod diagram;
mod elf;
mod folder;
mod golden;
mod names;
mod policy;
mod references;
mod rendered;
mod settings;
mod settings_page;
mod workshop;
