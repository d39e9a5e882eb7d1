//! Follows the guides to components and interfaces, `docs/c.md` and `docs/interfaces.md`: writes their files, types their
//! commands, and compares the output with the guide.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A block of the guide: its language, and its lines.
struct Block<'g> {
    language: &'g str,
    lines: Vec<&'g str>,
}

fn blocks(guide: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let lines = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(Block { language, lines });
        }
    }
    blocks
}

/// Runs a command, and returns the output that the reader sees.
fn type_in(folder: &Path, command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_lucarne"));
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders = binary.parent().map(Path::to_owned).into_iter().chain(std::env::split_paths(&folders));
    let path = std::env::join_paths(folders).expect("folders without a colon");
    let shell = Command::new("sh")
        .arg("-c")
        .arg(format!("{command} 2>&1"))
        .current_dir(folder)
        .env("PATH", path)
        .output();
    let output = shell.expect("a shell");
    String::from_utf8(output.stdout).expect("text")
}

/// Types the commands of a block, and compares their output with the lines after them. Returns the number of commands.
fn type_all(folder: &Path, lines: &[&str]) -> usize {
    let mut lines = lines.iter().peekable();
    let mut commands = 0;
    while let Some(line) = lines.next() {
        let command = line.strip_prefix("$ ").expect("a command, then its output");
        let mut shown = String::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            shown += line;
            shown.push('\n');
        }
        assert_eq!(type_in(folder, command), shown, "{command}");
        commands += 1;
    }
    commands
}

/// Ends the program that a guide runs in the background, even if the test fails before the guide does.
struct Background<'f>(&'f Path);

impl Drop for Background<'_> {
    fn drop(&mut self) {
        type_in(self.0, "kill $(cat *.pid)");
    }
}

#[test]
fn the_guide_to_interfaces_works_as_written() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/interfaces.md");
    let guide = std::fs::read_to_string(guide).expect("the file exists");
    let folder = TempDir::new().expect("room on the disk");
    let _background = Background(folder.path());
    let mut commands = 0;
    for Block { language, lines } in blocks(&guide) {
        match language {
            "toit" | "proto" | "c" => {
                let name =
                    lines.first().and_then(|line| line.strip_prefix("// ")).expect("the name of the file");
                std::fs::write(folder.path().join(name), lines.join("\n") + "\n").expect("room on the disk");
            }
            "console" => commands += type_all(folder.path(), &lines),
            // The crate `lucarne` tests these, and texts only show forms.
            "rust" | "rust,ignore" | "text" => {}
            other => panic!("unknown kind of block: {other}"),
        }
    }
    assert!(commands >= 8, "{commands}");
}

#[test]
fn the_guide_to_components_works_as_written() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/c.md");
    let guide = std::fs::read_to_string(guide).expect("the file exists");
    let folder = TempDir::new().expect("room on the disk");
    let component = folder.path().join("hello");
    std::fs::create_dir(&component).expect("room on the disk");
    let mut commands = 0;
    // The sections that need the library are tested where it is installed:
    // `xtask/tests/installed.rs`.
    let sections = guide.split("\n## ").filter(|section| !section.contains("pkg-config"));
    for Block { language, lines } in sections.flat_map(blocks) {
        let write = |path: &Path| std::fs::write(path, lines.join("\n") + "\n").expect("room on the disk");
        match language {
            "c" | "toit" => {
                // A block without a file name is a part of a file.
                if let Some(name) = lines.first().and_then(|line| line.strip_prefix("// ")) {
                    write(&folder.path().join(name));
                }
            }
            // This file is for a folder that contains the component of the first section: the file `hello.c`.
            "cmake" => {
                write(&component.join("CMakeLists.txt"));
                std::fs::copy(folder.path().join("hello.c"), component.join("hello.c"))
                    .expect("the guide shows hello.c");
                std::fs::remove_file(folder.path().join("hello.so")).expect("the file was built");
            }
            "console" => commands += type_all(folder.path(), &lines),
            "rust,ignore" => {}
            other => panic!("unknown kind of block: {other}"),
        }
    }
    assert_eq!(commands, 6);
}
