//! Makes small ELF files of any kind. None of them runs; a loader could read all of them.

use pipegen_contract::marker::MARKER;

/// The description of an ELF file.
#[derive(Clone, Debug)]
pub(crate) struct Elf {
    /// 1 for 32 bits, 2 for 64.
    pub(crate) class: u8,
    /// `e_type`: 1 object file, 2 program, 3 shared library or position-independent program.
    pub(crate) kind: u16,
    /// `e_machine`: 62 is `x86_64`, 183 is `aarch64`.
    pub(crate) machine: u16,
    /// The loader's path.
    pub(crate) loader: Option<&'static str>,
    /// Shared libraries, each with the versions that must be in it.
    pub(crate) libraries: Vec<(&'static str, Vec<&'static str>)>,
    /// Further content.
    pub(crate) content: &'static str,
}

impl Default for Elf {
    /// Describes a program that Rust makes for Lambda.
    fn default() -> Self {
        Self {
            class: 2,
            kind: 3,
            machine: 62,
            loader: Some("/lib64/ld-linux-x86-64.so.2"),
            libraries: vec![
                ("libgcc_s.so.1", vec!["GCC_3.0", "GCC_4.2.0"]),
                ("libc.so.6", vec!["GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.14"]),
                ("ld-linux-x86-64.so.2", vec!["GLIBC_2.3"]),
            ],
            content: MARKER,
        }
    }
}

const HEADER: usize = 64;
const SEGMENT: usize = 56;
const SEGMENTS: usize = 3;

impl Elf {
    /// Returns the file's bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut body = Body::default();
        let loader = self.loader.map(|path| body.add(format!("{path}\0").as_bytes()));
        let names: Vec<_> = self.libraries.iter().map(|(name, _)| body.string(name)).collect();
        let versions = self.versions(&mut body, &names);
        let strings = body.strings();
        let dynamic = dynamic(&mut body, &names, versions, strings);
        body.add(self.content.as_bytes());

        let mut file = self.header();
        let whole = (0, HEADER + SEGMENT * SEGMENTS + body.bytes.len());
        let nothing = (0, 0);
        segment(&mut file, 1, whole);
        segment(&mut file, if loader.is_some() { 3 } else { 0 }, loader.unwrap_or(nothing));
        segment(&mut file, if self.libraries.is_empty() { 0 } else { 2 }, dynamic);
        file.extend(body.bytes);
        file
    }

    fn header(&self) -> Vec<u8> {
        let mut header = vec![0x7f, b'E', b'L', b'F', self.class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        header.extend(self.kind.to_le_bytes());
        header.extend(self.machine.to_le_bytes());
        header.extend(1_u32.to_le_bytes());
        for word in [0, HEADER as u64, 0] {
            header.extend(word.to_le_bytes());
        }
        header.extend(0_u32.to_le_bytes());
        for half in [HEADER, SEGMENT, SEGMENTS, 64, 0, 0] {
            header.extend(u16::try_from(half).unwrap().to_le_bytes());
        }
        header
    }

    /// Adds the table of needed versions and returns its offset and size.
    fn versions(&self, body: &mut Body, names: &[u64]) -> (usize, usize) {
        let mut table = Vec::new();
        for (index, ((_, versions), name)) in self.libraries.iter().zip(names).enumerate() {
            let is_last = index + 1 == self.libraries.len();
            let next = if is_last { 0 } else { 16 + 16 * versions.len() };
            table.extend(1_u16.to_le_bytes());
            table.extend(u16::try_from(versions.len()).unwrap().to_le_bytes());
            for word in [*name, 16, next as u64] {
                table.extend(u32::try_from(word).unwrap().to_le_bytes());
            }
            for (index, version) in versions.iter().enumerate() {
                let next = if index + 1 == versions.len() { 0 } else { 16 };
                table.extend([0; 8]);
                for word in [body.string(version), next] {
                    table.extend(u32::try_from(word).unwrap().to_le_bytes());
                }
            }
        }
        body.add(&table)
    }
}

fn segment(file: &mut Vec<u8>, kind: u32, (place, size): (usize, usize)) {
    file.extend(kind.to_le_bytes());
    file.extend(5_u32.to_le_bytes());
    for word in [place, place, place, size, size, 8] {
        file.extend((word as u64).to_le_bytes());
    }
}

fn dynamic(body: &mut Body, names: &[u64], versions: (usize, usize), strings: (usize, usize)) -> (usize, usize) {
    let mut entries: Vec<(u64, u64)> = names.iter().map(|name| (1, *name)).collect();
    entries.push((5, strings.0 as u64));
    entries.push((0x6fff_fffe, versions.0 as u64));
    entries.push((0x6fff_ffff, names.len() as u64));
    entries.push((0, 0));
    let bytes: Vec<u8> =
        entries.iter().flat_map(|(tag, value)| [tag.to_le_bytes(), value.to_le_bytes()]).flatten().collect();
    body.add(&bytes)
}

/// The bytes after the segments, and strings that are yet to be added.
#[derive(Default)]
struct Body {
    bytes: Vec<u8>,
    strings: Vec<u8>,
}

impl Body {
    /// Adds bytes and returns their offset in the file and their number.
    fn add(&mut self, bytes: &[u8]) -> (usize, usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let place = HEADER + SEGMENT * SEGMENTS + self.bytes.len();
        self.bytes.extend(bytes);
        (place, bytes.len())
    }

    /// Adds a string and returns its offset among the strings.
    fn string(&mut self, text: &str) -> u64 {
        let place = self.strings.len() as u64;
        self.strings.extend(text.as_bytes());
        self.strings.push(0);
        place
    }

    fn strings(&mut self) -> (usize, usize) {
        let strings = std::mem::take(&mut self.strings);
        self.add(&strings)
    }
}
