//! Does a bootstrap run on `provided.al2023`? Read as its loader would read it: from the program headers, so that stripped
//! section headers hide nothing.

use std::fmt;

use object::elf::{self, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, ReadRef};

use super::marker;
use super::misfit::Misfit;
use crate::config::Architecture;

/// Amazon Linux 2023 has this glibc; what a newer one added is not there.
pub(super) const GLIBC: Version = Version { major: 2, minor: 34 };

/// The largest bootstrap that Lambda unpacks, in bytes.
pub const LARGEST_UNPACKED: usize = 262_144_000;

/// The shared libraries that every `provided.al2023` function finds: glibc's own and GCC's.
const LIBRARIES: [&str; 11] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libanl.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
];

/// A bootstrap that runs on `provided.al2023`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// The newest version of glibc that it asks for; `None` if it is linked statically.
    pub glibc: Option<Version>,
}

/// A version of glibc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

impl Bootstrap {
    /// Checks a bootstrap for functions of this architecture; all misfits are reported together.
    pub fn check(bytes: &[u8], architecture: Architecture) -> Result<Self, Vec<Misfit>> {
        if let Some(format) = foreign_format(bytes) {
            return Err(vec![Misfit::Format(format)]);
        }
        if bytes.get(elf::ELFMAG.len()) != Some(&elf::ELFCLASS64.0) {
            return Err(vec![Misfit::Machine("a 32-bit machine".into(), architecture)]);
        }
        if bytes.len() > LARGEST_UNPACKED {
            return Err(vec![Misfit::Size]);
        }
        let program = Program::read(bytes).map_err(|error| vec![Misfit::Broken(error.0)])?;
        let (checked, marker) = (program.check(architecture), marker::check(bytes));
        match (checked, marker) {
            (checked, Ok(())) => checked,
            (Ok(_), Err(misfit)) => Err(vec![misfit]),
            (Err(mut misfits), Err(misfit)) => {
                misfits.push(misfit);
                Err(misfits)
            }
        }
    }
}

/// What it takes to start a program, on whichever machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The machine's name.
    pub machine: String,
    /// The loader's path, if it has one.
    pub loader: Option<String>,
}

impl Needs {
    /// Reads them from an ELF.
    pub fn read(bytes: &[u8]) -> Result<Self, Misfit> {
        if let Some(format) = foreign_format(bytes) {
            return Err(Misfit::Format(format));
        }
        let program = Program::read(bytes).map_err(|error| Misfit::Broken(error.0))?;
        Ok(Self { machine: machine_name(program.machine), loader: program.loader })
    }
}

/// What it is if it is no ELF.
fn foreign_format(bytes: &[u8]) -> Option<&'static str> {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    Some(match bytes {
        _ if begins(&elf::ELFMAG) => return None,
        [] => "an empty file",
        _ if begins(b"#!") => "a script",
        _ if begins(b"PK") => "a zip archive",
        _ if begins(b"MZ") => "a Windows program",
        _ if begins(b"\xcf\xfa\xed\xfe") || begins(b"\xca\xfe\xba\xbe") => "a macOS program",
        _ => "no program for Linux",
    })
}

/// What the loader would see.
#[derive(Debug, Default)]
struct Program {
    kind: u16,
    machine: u16,
    loader: Option<String>,
    /// Whether it says of itself that it is a position-independent executable.
    is_pie: bool,
    libraries: Vec<String>,
    /// By library: the versions that must be in it.
    versions: Vec<(String, String)>,
}

impl Program {
    fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let header = FileHeader64::<Endianness>::parse(bytes)?;
        let endian = header.endian()?;
        let mut program =
            Self { kind: header.e_type(endian).0, machine: header.e_machine(endian).0, ..Self::default() };
        let segments = header.program_headers(endian, bytes)?;
        for segment in segments {
            if let Some(loader) = segment.interpreter(endian, bytes)? {
                program.loader = Some(String::from_utf8_lossy(loader).into_owned());
            }
        }
        let file = Image { bytes, segments, endian };
        for segment in segments {
            if let Some(entries) = segment.dynamic(endian, bytes)? {
                program.read_dynamic(&file, entries)?;
            }
        }
        Ok(program)
    }

    fn read_dynamic(&mut self, image: &Image<'_>, entries: &[elf::Dyn64<Endianness>]) -> Result<(), Unreadable> {
        let endian = image.endian;
        let entries: Vec<_> = entries.iter().map(|entry| (entry.d_tag(endian), entry.d_val(endian))).collect();
        let entries = entries.split(|(tag, _)| *tag == elf::DT_NULL).next().unwrap_or_default();
        let value = |wanted| entries.iter().find(|(tag, _)| *tag == wanted).map(|(_, value)| *value);

        let strings = value(elf::DT_STRTAB).map(|address| image.at(address)).transpose()?.unwrap_or_default();
        self.is_pie = value(elf::DT_FLAGS_1).is_some_and(|flags| flags & elf::DF_1_PIE.0 != 0);
        for (_, offset) in entries.iter().filter(|(tag, _)| *tag == elf::DT_NEEDED) {
            self.libraries.push(string(strings, *offset)?);
        }
        if let (Some(address), Some(count)) = (value(elf::DT_VERNEED), value(elf::DT_VERNEEDNUM)) {
            self.read_versions(image.at(address)?, count, strings, endian)?;
        }
        Ok(())
    }

    fn read_versions(
        &mut self,
        table: &[u8],
        count: u64,
        strings: &[u8],
        endian: Endianness,
    ) -> Result<(), Unreadable> {
        let mut place = 0_u64;
        for _ in 0..count {
            let need = read::<elf::Verneed<Endianness>>(table, place)?;
            let library = string(strings, need.vn_file.get(endian).into())?;
            let mut inner = place + u64::from(need.vn_aux.get(endian));
            for _ in 0..need.vn_cnt.get(endian) {
                let version = read::<elf::Vernaux<Endianness>>(table, inner)?;
                self.versions.push((library.clone(), string(strings, version.vna_name.get(endian).into())?));
                inner += u64::from(version.vna_next.get(endian));
            }
            place += u64::from(need.vn_next.get(endian));
        }
        Ok(())
    }

    fn check(&self, architecture: Architecture) -> Result<Bootstrap, Vec<Misfit>> {
        let mut misfits = Vec::new();
        misfits.extend(self.kind_misfit());
        let (machine, loader) = match architecture {
            Architecture::X86_64 => (elf::EM_X86_64, "/lib64/ld-linux-x86-64.so.2"),
            Architecture::Arm64 => (elf::EM_AARCH64, "/lib/ld-linux-aarch64.so.1"),
        };
        if self.machine == machine.0 {
            let loaders = self.loader.iter().filter(|own| *own != loader);
            misfits.extend(loaders.map(|own| Misfit::Loader(own.clone())));
        } else {
            misfits.push(Misfit::Machine(machine_name(self.machine), architecture));
        }
        let missing = self.libraries.iter().filter(|library| !LIBRARIES.contains(&library.as_str()));
        misfits.extend(missing.map(|library| Misfit::Library(library.clone())));

        let needs = self.versions.iter().filter_map(|(library, version)| Some((Version::parse(version)?, library)));
        let newest = needs.max();
        if let Some((version, library)) = newest.filter(|(version, _)| *version > GLIBC) {
            misfits.push(Misfit::Glibc(version, library.clone()));
        }
        if misfits.is_empty() { Ok(Bootstrap { glibc: newest.map(|(version, _)| version) }) } else { Err(misfits) }
    }

    /// What it is if it is no program.
    fn kind_misfit(&self) -> Option<Misfit> {
        let kind = object::elf::FileType(self.kind);
        Some(Misfit::Kind(match kind {
            elf::ET_EXEC => return None,
            elf::ET_DYN if self.loader.is_some() || self.is_pie => return None,
            elf::ET_DYN => "a shared library",
            elf::ET_REL => "an object file that is not linked yet",
            elf::ET_CORE => "the memory of a crashed program",
            _ => "no program",
        }))
    }
}

/// The file as the loader maps it.
struct Image<'a> {
    bytes: &'a [u8],
    segments: &'a [elf::ProgramHeader64<Endianness>],
    endian: Endianness,
}

impl<'a> Image<'a> {
    /// What lies at an address, to the end of its segment.
    fn at(&self, address: u64) -> Result<&'a [u8], Unreadable> {
        for segment in self.segments.iter().filter(|segment| segment.p_type(self.endian) == elf::PT_LOAD) {
            let skip = address.checked_sub(segment.p_vaddr(self.endian));
            if let Some(skip) = skip.filter(|skip| *skip < segment.p_filesz(self.endian)) {
                let data = segment.data(self.endian, self.bytes).unwrap_or_default();
                return Ok(usize::try_from(skip).ok().and_then(|skip| data.get(skip..)).unwrap_or_default());
            }
        }
        Err(Unreadable("an address lies in no segment".into()))
    }
}

fn read<T: object::pod::Pod>(table: &[u8], place: u64) -> Result<&T, Unreadable> {
    table.read_at::<T>(place).map_err(|()| Unreadable("the table of versions ends early".into()))
}

fn string(strings: &[u8], offset: u64) -> Result<String, Unreadable> {
    let rest = usize::try_from(offset).ok().and_then(|offset| strings.get(offset..));
    let text = rest.and_then(|rest| rest.split(|byte| *byte == 0).next());
    let text = text.ok_or_else(|| Unreadable("a name is missing".into()))?;
    Ok(String::from_utf8_lossy(text).into_owned())
}

/// What is wrong with an ELF that cannot be read.
struct Unreadable(String);

impl From<object::Error> for Unreadable {
    fn from(error: object::Error) -> Self {
        Self(error.to_string())
    }
}

fn machine_name(machine: u16) -> String {
    match object::elf::Machine(machine) {
        elf::EM_X86_64 => Architecture::X86_64.as_str().into(),
        elf::EM_AARCH64 => Architecture::Arm64.as_str().into(),
        _ => format!("machine {machine}"),
    }
}

impl Version {
    /// Reads `GLIBC_2.34` or `GLIBC_2.2.5`; other libraries' versions and glibc's private symbols are none.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.strip_prefix("GLIBC_")?.split('.').map(str::parse);
        Some(Self { major: numbers.next()?.ok()?, minor: numbers.next().and_then(Result::ok).unwrap_or(0) })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}
