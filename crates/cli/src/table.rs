//! Tables of text: each column is as wide as its widest cell, or narrower where the terminal has no room.

use std::io::{self, IsTerminal};

use crate::output::{terminal_size, visible};

/// The space between two columns, and in a narrow table.
const GAPS: [usize; 2] = [3, 1];

/// The least width to which a column is cut. Most numbers have room in it.
const CUT_WIDTH_MIN: usize = 7;

/// Returns the width of the terminal in characters, if standard output is one.
pub(crate) fn terminal_width() -> Option<usize> {
    io::stdout().is_terminal().then(|| terminal_size().1)
}

/// Formats a table. The last column is not padded. If its lines are longer than `width`, cuts the cells of the widest
/// columns, which have texts: an ellipsis marks a cut.
pub(crate) fn table(head: &[&str], rows: Vec<Vec<String>>, width: Option<usize>) -> String {
    let head = head.iter().map(|title| (*title).to_owned()).collect();
    // Containers choose the names of their services, so control characters in cells are escaped.
    let rows = rows.iter().map(|row| row.iter().map(|cell| visible(cell).into_owned()).collect());
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let width = width.unwrap_or(usize::MAX);
    let (widths, gap) = fitting(&lines, width);
    let mut text = String::new();
    for line in &lines {
        let cell = |(cell, width): (&String, &usize)| format!("{:<width$}{:gap$}", cut(cell, *width), "");
        let padded: String = line.iter().zip(&widths).map(cell).collect();
        text.push_str(&cut(padded.trim_end(), width));
        text.push('\n');
    }
    text
}

/// Returns the widths of the columns and of the gap between them, so that the lines have at most `width` characters, if
/// that is possible.
fn fitting(lines: &[Vec<String>], width: usize) -> (Vec<usize>, usize) {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let needed = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let needed: Vec<usize> = (0..columns).map(needed).collect();
    let [wide, narrow] = GAPS.map(|gap| {
        let room = width.saturating_sub(gap * columns.saturating_sub(1));
        (shrunk(needed.clone(), room), gap)
    });
    let is_readable =
        |widths: &[usize]| widths.iter().zip(&needed).all(|(width, needed)| width * 2 > *needed);
    if is_readable(&wide.0) { wide } else { narrow }
}

/// Makes the widest columns narrower until their sum is at most `room`, or no column can be cut any more.
fn shrunk(mut widths: Vec<usize>, room: usize) -> Vec<usize> {
    while widths.iter().sum::<usize>() > room {
        match widths.iter_mut().max().filter(|widest| **widest > CUT_WIDTH_MIN) {
            Some(widest) => *widest -= 1,
            None => break,
        }
    }
    widths
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
        assert_eq!(table(&["X", "NAME"], rows, None), "X        NAME\na        long cell\nlonger\n");
    }

    #[test]
    fn a_narrow_table_keeps_all_columns() {
        let row =
            |image: &str, calls: &str, name: &str| vec![image.to_owned(), calls.to_owned(), name.to_owned()];
        let rows = vec![row("3f0b6f8e-9a1d-4e0c", "100.0µs", "a"), row("-", "1", "a service with a name")];
        let wide = "IMAGE                CALLS     NAME\n3f0b6f8e-9a1d-4e0c   100.0µs   a\n-                    \
                    1         a service with a name\n";
        assert_eq!(table(&["IMAGE", "CALLS", "NAME"], rows.clone(), Some(80)), wide);
        let narrow = "IMAGE          CALLS     NAME\n3f0b6f8e-9a…   100.0µs   a\n-              1         a service …\n";
        assert_eq!(table(&["IMAGE", "CALLS", "NAME"], rows.clone(), Some(36)), narrow);
        let narrowest = "IMAGE   CALLS   NAME\n3f0b6f… 100.0µs a\n-       1       a serv…\n";
        assert_eq!(table(&["IMAGE", "CALLS", "NAME"], rows.clone(), Some(23)), narrowest);
        let cut_off = table(&["IMAGE", "CALLS", "NAME"], rows, Some(10));
        assert_eq!(cut_off, "IMAGE   C…\n3f0b6f… 1…\n-       1…\n");
    }
}
