//! Reads what a program needs as its loader would: from the program headers, so that stripped section headers hide
//! nothing.

use object::elf::{self, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, ReadRef};

use super::bootstrap_error::BootstrapError;
use super::glibc::{GlibcVersion, PROVIDED_GLIBC};
use crate::config::Architecture;

/// The shared libraries of `provided.al2023` that every function finds: glibc's own and GCC's.
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

/// Tells whether this is an ELF file for a 32-bit machine.
pub(super) fn is_32_bit(bytes: &[u8]) -> bool {
    bytes.strip_prefix(&elf::ELFMAG).and_then(<[u8]>::first).is_some_and(|class| *class != elf::ELFCLASS64.0)
}

/// Checks that a file is an ELF file.
pub(super) fn check_format(bytes: &[u8]) -> Result<(), BootstrapError> {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    Err(BootstrapError::NotElf(match bytes {
        _ if begins(&elf::ELFMAG) => return Ok(()),
        [] => "an empty file",
        _ if begins(b"#!") => "a script",
        _ if begins(b"PK") => "a zip archive",
        _ if begins(b"MZ") => "a Windows program",
        _ if begins(b"\xcf\xfa\xed\xfe") || begins(b"\xca\xfe\xba\xbe") => "a macOS program",
        _ => "a file of an unknown format",
    }))
}

/// The parts of an ELF file that decide whether its loader can start it.
#[derive(Debug, Default)]
pub(super) struct Program {
    file_type: u16,
    machine: u16,
    pub(super) loader: Option<String>,
    /// True if the file is marked as a position-independent executable.
    is_pie: bool,
    libraries: Vec<String>,
    /// Symbol versions that must be in a library, each with that library.
    versions: Vec<(String, String)>,
}

impl Program {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, BootstrapError> {
        let header = FileHeader64::<Endianness>::parse(bytes)?;
        let endian = header.endian()?;
        let mut program =
            Self { file_type: header.e_type(endian).0, machine: header.e_machine(endian).0, ..Self::default() };
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

    fn read_dynamic(&mut self, image: &Image<'_>, entries: &[elf::Dyn64<Endianness>]) -> Result<(), BootstrapError> {
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
    ) -> Result<(), BootstrapError> {
        let mut offset = 0_u64;
        for _ in 0..count {
            let need = read::<elf::Verneed<Endianness>>(table, offset)?;
            let library = string(strings, need.vn_file.get(endian).into())?;
            let mut inner = offset + u64::from(need.vn_aux.get(endian));
            for _ in 0..need.vn_cnt.get(endian) {
                let version = read::<elf::Vernaux<Endianness>>(table, inner)?;
                self.versions.push((library.clone(), string(strings, version.vna_name.get(endian).into())?));
                inner += u64::from(version.vna_next.get(endian));
            }
            offset += u64::from(need.vn_next.get(endian));
        }
        Ok(())
    }

    /// Returns everything that keeps it from running on `provided.al2023` of this architecture.
    pub(super) fn errors(&self, architecture: Architecture) -> Vec<BootstrapError> {
        let mut errors = Vec::from_iter(self.not_executable());
        let (machine, loader) = match architecture {
            Architecture::X86_64 => (elf::EM_X86_64, "/lib64/ld-linux-x86-64.so.2"),
            Architecture::Arm64 => (elf::EM_AARCH64, "/lib/ld-linux-aarch64.so.1"),
        };
        if self.machine == machine.0 {
            let other_loader = self.loader.iter().filter(|own| *own != loader);
            errors.extend(other_loader.map(|own| BootstrapError::Loader(own.clone())));
        } else {
            errors.push(BootstrapError::Machine { built_for: self.machine_name(), architecture });
        }
        let missing = self.libraries.iter().filter(|library| !LIBRARIES.contains(&library.as_str()));
        errors.extend(missing.map(|library| BootstrapError::Library(library.clone())));

        let glibc = self
            .versions
            .iter()
            .filter_map(|(library, version)| Some((GlibcVersion::from_symbol_version(version)?, library)));
        if let Some((version, library)) = glibc.max().filter(|(version, _)| *version > PROVIDED_GLIBC) {
            errors.push(BootstrapError::Glibc { version, library: library.clone() });
        }
        errors
    }

    fn not_executable(&self) -> Option<BootstrapError> {
        Some(BootstrapError::NotExecutable(match elf::FileType(self.file_type) {
            elf::ET_EXEC => return None,
            elf::ET_DYN if self.loader.is_some() || self.is_pie => return None,
            elf::ET_DYN => "a shared library",
            elf::ET_REL => "an object file that is not linked yet",
            elf::ET_CORE => "a core dump",
            _ => "an ELF file of an unknown type",
        }))
    }

    pub(super) fn machine_name(&self) -> String {
        match elf::Machine(self.machine) {
            elf::EM_X86_64 => Architecture::X86_64.as_str().into(),
            elf::EM_AARCH64 => Architecture::Arm64.as_str().into(),
            _ => format!("machine {}", self.machine),
        }
    }
}

/// The file as the loader maps it.
struct Image<'a> {
    bytes: &'a [u8],
    segments: &'a [elf::ProgramHeader64<Endianness>],
    endian: Endianness,
}

impl<'a> Image<'a> {
    /// Returns the bytes from an address to the end of its segment.
    fn at(&self, address: u64) -> Result<&'a [u8], BootstrapError> {
        for segment in self.segments.iter().filter(|segment| segment.p_type(self.endian) == elf::PT_LOAD) {
            let skip = address.checked_sub(segment.p_vaddr(self.endian));
            if let Some(skip) = skip.filter(|skip| *skip < segment.p_filesz(self.endian)) {
                let data = segment.data(self.endian, self.bytes).unwrap_or_default();
                return Ok(usize::try_from(skip).ok().and_then(|skip| data.get(skip..)).unwrap_or_default());
            }
        }
        Err(unreadable("an address is in no segment"))
    }
}

fn read<T: object::pod::Pod>(table: &[u8], offset: u64) -> Result<&T, BootstrapError> {
    table.read_at::<T>(offset).map_err(|()| unreadable("the table of versions ends early"))
}

fn string(strings: &[u8], offset: u64) -> Result<String, BootstrapError> {
    let rest = usize::try_from(offset).ok().and_then(|offset| strings.get(offset..));
    let text = rest.and_then(|rest| rest.split(|byte| *byte == 0).next());
    let text = text.ok_or_else(|| unreadable("a name is missing"))?;
    Ok(String::from_utf8_lossy(text).into_owned())
}

fn unreadable(problem: &str) -> BootstrapError {
    BootstrapError::UnreadableElf(problem.to_owned())
}

impl From<object::Error> for BootstrapError {
    fn from(error: object::Error) -> Self {
        Self::UnreadableElf(error.to_string())
    }
}
