//! Questions about announced services that have no answer yet.
//!
//! A machine asks only some questions at a time. Otherwise 300 machines with a service each, all of which start
//! together, would ask 90,000 questions at once, and again when the answers are late, so that nothing else would get
//! through. An answer makes room for the next question, and so does a second without an answer.

use std::collections::BTreeMap;

use crate::name::MachineName;
use crate::network::Token;

/// The number of questions without an answer, about all machines.
const OPEN_MAX: usize = 32;

/// The number of questions about one machine.
const OPEN_OF_ONE_MAX: usize = 16;

/// The time after which a question makes room for another one, and may be asked again, in microseconds.
pub(crate) const PATIENCE_US: i64 = 1_000_000;

/// The questions that wait for an answer.
#[derive(Default)]
pub(crate) struct Questions {
    /// The questions without an answer, with the time at which each makes room.
    open: BTreeMap<Token, i64>,
    by_machine: BTreeMap<MachineName, usize>,
    /// The machine that was last asked about.
    last: Option<MachineName>,
}

impl Questions {
    /// Returns whether another question about a machine may be asked.
    pub(crate) fn has_room(&self, machine: &MachineName) -> bool {
        let of_one = self.by_machine.get(machine).copied().unwrap_or_default();
        self.open.len() < OPEN_MAX && of_one < OPEN_OF_ONE_MAX
    }

    /// Notes a question, if there is room. Returns whether it may be asked.
    pub(crate) fn ask(&mut self, token: &Token, now_us: i64) -> bool {
        if !self.has_room(&token.machine) {
            return false;
        }
        self.last = Some(token.machine.clone());
        if self.open.insert(token.clone(), now_us + PATIENCE_US).is_none() {
            *self.by_machine.entry(token.machine.clone()).or_default() += 1;
        }
        true
    }

    /// Forgets a question: it is answered, or the announcement has ended.
    pub(crate) fn close(&mut self, token: &Token) {
        if self.open.remove(token).is_none() {
            return;
        }
        if let Some(count) = self.by_machine.get_mut(&token.machine) {
            *count -= 1;
            if *count == 0 {
                self.by_machine.remove(&token.machine);
            }
        }
    }

    /// Forgets questions that have waited too long.
    pub(crate) fn look_at_clock(&mut self, now_us: i64) {
        let late = self.open.iter().filter(|(_, until_us)| now_us >= **until_us);
        for token in late.map(|(token, _)| token.clone()).collect::<Vec<_>>() {
            self.close(&token);
        }
    }

    /// Returns the machine that was last asked about. When there is room again, the machine after it comes first. So a
    /// machine whose announcements are never described does not take all the room.
    pub(crate) fn last(&self) -> Option<&MachineName> {
        self.last.as_ref()
    }

    /// Returns when the next question has waited too long.
    pub(crate) fn next_us(&self) -> Option<i64> {
        self.open.values().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Digest;

    fn token(machine: usize, number: usize) -> Token {
        Token {
            machine: format!("m{machine}").parse().unwrap(),
            incarnation: number as u64,
            uuid: uuid::Uuid::from_u128(7),
            digest: Digest([0; 16]),
        }
    }

    #[test]
    fn few_questions_are_asked_at_a_time() {
        let mut questions = Questions::default();
        let asked = (0..OPEN_OF_ONE_MAX + 5).filter(|&number| questions.ask(&token(0, number), 0)).count();
        assert_eq!(asked, OPEN_OF_ONE_MAX, "about one machine");
        let others = (1..2 * OPEN_MAX).filter(|&machine| questions.ask(&token(machine, 0), 0)).count();
        assert_eq!(others, OPEN_MAX - OPEN_OF_ONE_MAX);
        questions.close(&token(0, 0));
        questions.close(&token(0, 0));
        assert!(questions.has_room(&token(0, 0).machine) && questions.ask(&token(0, 1_000), 5));
        assert!(!questions.has_room(&token(9, 0).machine), "one for one");
        assert_eq!(questions.next_us(), Some(PATIENCE_US));
        questions.look_at_clock(PATIENCE_US);
        assert_eq!(
            (questions.open.len(), questions.by_machine.len()),
            (1, 1),
            "the one that was asked later"
        );
        questions.look_at_clock(PATIENCE_US + 5);
        assert_eq!((questions.next_us(), questions.by_machine.len()), (None, 0));
    }
}
