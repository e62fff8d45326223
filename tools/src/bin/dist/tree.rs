//! What is installed, below `/usr` or `/usr/local`: the program under its six names, its manual, what completes its
//! command line, its documents, the Python package.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use tools::{Outcome, program_names, root};

/// Files by their paths below the prefix.
pub(crate) struct Tree(Vec<(String, Node)>);

enum Node {
    File(Vec<u8>, u32),
    Link(&'static str),
}

impl Tree {
    pub(crate) fn of(program: &[u8]) -> Outcome<Self> {
        let mut tree = Self(Vec::new());
        for (index, name) in program_names().iter().enumerate() {
            let node = if index == 0 { Node::File(program.to_vec(), 0o755) } else { Node::Link("conn-check") };
            tree.0.push((format!("bin/{name}"), node));
        }
        for (folder, ending, to) in [
            ("docs", "1", "share/man/man1"),
            ("docs", "5", "share/man/man5"),
            ("docs/completions", "fish", "share/fish/vendor_completions.d"),
            // As they lie here, so that links from page to page lead somewhere.
            ("docs", "md", "share/doc/conn-check/docs"),
            ("docs", "json", "share/doc/conn-check/docs"),
            ("docs", "svg", "share/doc/conn-check/docs"),
            ("docs/prometheus", "yml", "share/doc/conn-check/docs/prometheus"),
            ("docs/prometheus", "json", "share/doc/conn-check/docs/prometheus"),
            ("agent/schema", "json", "share/doc/conn-check/agent/schema"),
            ("examples", "yaml", "share/doc/conn-check/examples"),
            ("examples/downloads", "yaml", "share/doc/conn-check/examples/downloads"),
            ("examples/downloads", "conf", "share/doc/conn-check/examples/downloads"),
            ("examples/downloads", "txt", "share/doc/conn-check/examples/downloads"),
            ("examples/systemd", "service", "share/doc/conn-check/examples/systemd"),
            ("examples/juju", "yaml", "share/doc/conn-check/examples/juju"),
            ("examples/juju", "json", "share/doc/conn-check/examples/juju"),
        ] {
            tree.folder(folder, to, |name| name.ends_with(&format!(".{ending}")).then(|| name.to_owned()))?;
        }
        let completions = "share/bash-completion/completions";
        tree.folder("docs/completions", completions, |name| name.strip_suffix(".bash").map(str::to_owned))?;
        tree.folder("docs/completions", "share/zsh/vendor-completions", |name| {
            name.starts_with('_').then(|| name.to_owned())
        })?;
        for document in ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"] {
            tree.file(document, format!("share/doc/conn-check/{document}"))?;
        }
        Ok(tree)
    }

    /// Nothing yet.
    pub(crate) const fn empty() -> Self {
        Self(Vec::new())
    }

    /// The Python package, which Debian's Python finds there.
    pub(crate) fn with_python(mut self) -> Outcome<Self> {
        self.folder("python/conn_check_configs", "lib/python3/dist-packages/conn_check_configs", |name| {
            name.strip_suffix(".py").map(|module| format!("{module}.py"))
        })?;
        Ok(self)
    }

    /// The files of a folder for which there is a name.
    fn folder(&mut self, folder: &str, to: &str, name: impl Fn(&str) -> Option<String>) -> Outcome<()> {
        let failed = |error: std::io::Error| format!("{folder}: {error}");
        let mut names = Vec::new();
        for entry in fs::read_dir(root().join(folder)).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        for file in names {
            if let Some(name) = name(&file) {
                self.file(&format!("{folder}/{file}"), format!("{to}/{name}"))?;
            }
        }
        Ok(())
    }

    fn file(&mut self, from: &str, to: String) -> Outcome<()> {
        let content = fs::read(root().join(from)).map_err(|error| format!("{from}: {error}"))?;
        self.0.push((to, Node::File(content, 0o644)));
        Ok(())
    }

    /// Writes it below a prefix.
    pub(crate) fn write(&self, prefix: &Path) -> Outcome<()> {
        for (path, node) in &self.0 {
            let path = prefix.join(path);
            put(&path, node).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }
}

fn put(path: &Path, node: &Node) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match node {
        Node::File(content, mode) => {
            fs::write(path, content)?;
            fs::set_permissions(path, fs::Permissions::from_mode(*mode))
        }
        Node::Link(target) => symlink(target, path),
    }
}
