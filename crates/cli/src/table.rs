//! Tables of text: each column is as wide as its widest cell.

use std::io::{self, IsTerminal};

use crate::output::{terminal_size, visible};

/// The space between two columns.
const GAP: usize = 3;

/// Formats a table. The last column is not padded.
pub(crate) fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let head = head.iter().map(|title| (*title).to_owned()).collect();
    // Containers choose the names of their services, so control characters in cells are escaped.
    let rows = rows.iter().map(|row| row.iter().map(|cell| visible(cell).into_owned()).collect());
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0) + GAP
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let padded: String =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(padded.trim_end());
        text.push('\n');
    }
    text
}

/// Cuts the lines of a table to the width of the terminal, if standard output is one.
pub(crate) fn fitted(text: String) -> String {
    if !io::stdout().is_terminal() {
        return text;
    }
    let (_, columns) = terminal_size();
    text.lines().map(|line| cut(line, columns) + "\n").collect()
}

/// Cuts a line to a number of characters. An ellipsis at the end marks a cut.
pub(crate) fn cut(line: &str, columns: usize) -> String {
    if line.chars().nth(columns).is_none() {
        return line.to_owned();
    }
    line.chars().take(columns.saturating_sub(1)).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_contents() {
        let rows =
            vec![vec!["a".to_owned(), "long cell".to_owned()], vec!["longer".to_owned(), String::new()]];
        assert_eq!(cut("long cell", 9), "long cell");
        assert_eq!(cut("long cell", 8), "long ce…");
        assert_eq!(table(&["X", "NAME"], rows), "X        NAME\na        long cell\nlonger\n");
    }
}
