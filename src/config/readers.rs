//! Principals that may call the catalog's URL.

use super::principal::Principal;
use super::reader::{Problem, Reader};
use super::text_list::TextList;

const KEY: &str = "readers";

/// The largest policy of a function, in bytes.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const LARGEST_POLICY: usize = 20 * 1024;

/// The bytes of a reader's two statements, besides its ARN in each.
const STATEMENTS: usize = 520;

/// Reads the list `readers`.
pub(super) fn readers(reader: &mut Reader<'_>) -> Vec<Principal> {
    let kinds = "a list of ARNs";
    let Some(TextList { items: readers, span }) = TextList::read(reader, KEY, kinds, Principal::parse) else {
        return Vec::new();
    };
    let size: usize = readers.iter().map(|principal| STATEMENTS + 2 * principal.arn().len()).sum();
    if size > LARGEST_POLICY {
        let message = format!("are too many for a function's policy: {size} bytes, it takes {LARGEST_POLICY}");
        let help = "name a whole account (`arn:aws:iam::111122223333:root`) and let its own policies decide";
        reader.refuse(KEY, span, Problem::new(message).help(help.to_owned()));
    }
    readers
}
