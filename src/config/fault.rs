//! Mistakes in the settings, and their report with the lines that they are about.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFile {
    /// The path as the user wrote it.
    pub path: String,
    pub text: String,
}

/// A mistake of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub message: String,
    /// The bytes of the settings file that are wrong; none if it was typed on the command line or is a default.
    pub span: Option<Range<usize>>,
    /// Advice.
    pub help: Option<String>,
}

impl Fault {
    /// Creates a fault at this place of the settings file, if it has one.
    pub fn new(span: Option<Range<usize>>, message: impl Into<String>) -> Self {
        Self { message: message.into(), span, help: None }
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Returns all faults as one coloured text, with the lines that they are about.
pub fn report(faults: &[Fault], source: Option<&SettingsFile>) -> String {
    let renderer = Renderer::styled();
    let texts = faults.iter().map(|fault| {
        let mut group = Level::ERROR.primary_title(fault.message.as_str()).elements(snippet(fault, source));
        if let Some(help) = &fault.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

fn snippet<'a>(
    fault: &Fault,
    source: Option<&'a SettingsFile>,
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let (source, span) = (source?, fault.span.clone()?);
    let snippet = Snippet::source(source.text.as_str()).path(source.path.as_str());
    Some(snippet.annotation(AnnotationKind::Primary.span(span)))
}
