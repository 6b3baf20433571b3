//! Inputs made of others: parts cut, repeated, exchanged, and bytes that formats care about.

use rand::prelude::*;
use rand::rngs::StdRng;

/// The longest input that is made.
const LONGEST: usize = 16 * 1024;

/// Pieces that formats care about.
const PIECES: [&[u8]; 24] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b":",
    b",",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"%00",
    b"%FF",
    b"+",
    b"&",
    b"=",
    b"1e999",
    b"-1",
    b"null",
    b"\xef\xbb\xbf",
    b"\x1f\x8b",
];

/// An endless iterator over inputs, the same in every run.
pub(crate) struct Mutations<'a> {
    corpus: &'a [Vec<u8>],
    random: StdRng,
}

impl<'a> Mutations<'a> {
    pub(crate) fn of(corpus: &'a [Vec<u8>]) -> Self {
        Self { corpus, random: StdRng::seed_from_u64(1) }
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let random = &mut self.random;
        let (from, to) = (random.random_range(0..=input.len()), random.random_range(0..=input.len()));
        let range = from.min(to)..from.max(to).min(from.min(to) + 200);
        match random.random_range(0..6) {
            0 => drop(input.drain(range)),
            1 => {
                let part = input[range.clone()].repeat(random.random_range(1..5));
                input.splice(range.end..range.end, part);
            }
            2 => {
                let other = self.corpus.choose(random).expect("a corpus has inputs");
                let (a, b) = (random.random_range(0..=other.len()), random.random_range(0..=other.len()));
                input.splice(range, other[a.min(b)..a.max(b)].iter().copied());
            }
            3 => {
                if let Some(byte) = input.get_mut(from) {
                    *byte = random.random();
                }
            }
            _ => {
                let piece = PIECES.choose(random).expect("pieces");
                input.splice(from..from, piece.iter().copied());
            }
        }
        input.truncate(LONGEST);
    }
}

impl Iterator for Mutations<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut input = self.corpus.choose(&mut self.random)?.clone();
        for _ in 0..self.random.random_range(1..=4) {
            self.mutate(&mut input);
        }
        Some(input)
    }
}
