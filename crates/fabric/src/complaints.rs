//! The complaints about other machines that were logged: one line for each machine and kind, since machines can cause
//! these lines at will.

use std::collections::BTreeSet;

use crate::name::MachineName;

/// The maximum number of lines.
const LINES_MAX: usize = 16_384;

/// What a machine does wrong, or too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Complaint {
    Announcements,
    Description,
    NotAccepted,
    Unproven,
    Unprotected,
    Interface,
    NotExported,
    NoService,
    Processes,
}

/// The lines that were logged.
#[derive(Default)]
pub(crate) struct Complaints(BTreeSet<(MachineName, Complaint)>);

impl Complaints {
    /// Returns whether a line is to be logged: it is the first one of its kind about this machine.
    pub(crate) fn is_first(&mut self, machine: &MachineName, complaint: Complaint) -> bool {
        self.0.len() < LINES_MAX && self.0.insert((machine.clone(), complaint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_reported_once_per_machine() {
        let mut complaints = Complaints::default();
        let names = ["cellar", "hall"].map(|name| name.parse::<MachineName>().unwrap());
        for name in &names {
            assert!(complaints.is_first(name, Complaint::Processes));
            assert!(!complaints.is_first(name, Complaint::Processes));
            assert!(complaints.is_first(name, Complaint::Interface));
        }
    }

    #[test]
    fn the_number_of_lines_is_bounded() {
        let mut complaints = Complaints::default();
        let name = |number: usize| format!("m{number}").parse::<MachineName>().unwrap();
        let count =
            (0..LINES_MAX + 10).filter(|&number| complaints.is_first(&name(number), Complaint::Description));
        assert_eq!(count.count(), LINES_MAX);
    }
}
