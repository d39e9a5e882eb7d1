//! The facts about the registers of a frame at a place in a function.
//!
//! The translator carries a [`State`] along: for each register what kind of value it has, whether the value is in a variable
//! or in the frame, and whether the frame has it too. Checks add to what is known, so the same check is made once. Where
//! paths meet, each state that differs in kinds may get a version of the code of its own, up to [`VERSIONS_MAX`]. The general
//! version, which knows nothing, always exists: rare paths go on there.
//!
//! **What the frame holds.** A register is *dirty* if its value is not in the frame yet. What is needed later is
//! written before the interpreter or the collector looks at the frame. The collector should also find the references
//! that a frame of the interpreter has in registers that are not needed any more, so that objects live equally long in
//! both. Hence a dirty register may only wait if neither its value nor the older word in the frame can be a reference;
//! if one of them can, it is written before paths meet. There is one exception: where a frame goes on in code that
//! expects no reference in a register that is not needed, the register is cleared.

use std::rc::Rc;

use crate::flow::Registers;

/// The most versions of the code at a place beside the general one.
pub(crate) const VERSIONS_MAX: usize = 4;
/// The most registers in all states of a function. A state takes at most 12 bytes for each: 24 MiB. After that only general
/// versions are made.
pub(crate) const FACTS_MAX: usize = 2 << 20;

/// The cost of going to a version that knows less about a value. It is more than all loads and stores on the way cost together.
pub(crate) const COST_OF_LOSS: u32 = 1_000;
/// The additional cost of putting a float into a word.
const COST_OF_PACKING: u32 = 8;

/// What kind of value a register has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Any word.
    Any,
    Null,
    Bool,
    /// A mark.
    Mark,
    /// An integer in place.
    Int,
    /// A float, which a word can hold in place.
    Float,
    /// A reference to an object that has at least this number of words.
    Words(u16),
    /// A reference to an object of the class with this number.
    Object(u32),
}

impl Kind {
    /// Returns whether the word of such a value can be a reference.
    pub(crate) fn may_refer(self) -> bool {
        matches!(self, Kind::Any | Kind::Words(_) | Kind::Object(_))
    }
}

/// The facts about one register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fact {
    pub(crate) kind: Kind,
    /// Whether the value is not in the frame yet.
    pub(crate) is_dirty: bool,
    /// Whether the value is in the frame only, and must be loaded before it is used.
    pub(crate) is_in_frame: bool,
    /// Whether the word in the frame can be a reference.
    pub(crate) frame_may_refer: bool,
}

impl Fact {
    const UNKNOWN: Fact = Fact { kind: Kind::Any, is_dirty: false, is_in_frame: true, frame_may_refer: true };

    /// Returns whether the register must be written although its value may never be needed.
    pub(crate) fn is_pending(self) -> bool {
        self.is_dirty && (self.kind.may_refer() || self.frame_may_refer)
    }
}

/// The effect of a loop on the registers.
#[derive(Clone, Copy, Default)]
pub(crate) struct Loop {
    /// The registers that the loop assigns.
    pub(crate) assigned: Registers,
    /// The registers of the frame in which the loop may leave a reference.
    pub(crate) referring: Registers,
    /// Whether the loop has a step after which objects may have moved.
    pub(crate) has_calls: bool,
}

/// The facts about all registers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct State {
    /// States share the facts until one of them changes, since most exits know the same.
    facts: Rc<Vec<Fact>>,
    /// Whether the budget is in its variable, not in the context.
    pub(crate) holds_budget: bool,
    /// Whether the path is rare, so that it goes on in general versions.
    pub(crate) is_rare: bool,
}

impl State {
    /// Returns the state in which nothing is known, and all values are in the frame.
    pub(crate) fn unknown(registers: u16) -> State {
        State {
            facts: Rc::new(vec![Fact::UNKNOWN; usize::from(registers)]),
            holds_budget: false,
            is_rare: false,
        }
    }

    /// Returns the state at the beginning of a function: the arguments are unknown, and all other registers null.
    pub(crate) fn at_call(registers: u16, arity: u16) -> State {
        let mut state = State::unknown(registers);
        for fact in Rc::make_mut(&mut state.facts).iter_mut().skip(usize::from(arity)) {
            *fact = Fact { kind: Kind::Null, frame_may_refer: false, ..Fact::UNKNOWN };
        }
        state
    }

    pub(crate) fn fact(&self, register: u16) -> Fact {
        self.facts.get(usize::from(register)).copied().unwrap_or(Fact::UNKNOWN)
    }

    pub(crate) fn kind(&self, register: u16) -> Kind {
        self.fact(register).kind
    }

    /// Returns the number of registers.
    pub(crate) fn count(&self) -> u16 {
        self.facts.len() as u16
    }

    fn change(&mut self, register: u16, change: impl FnOnce(&mut Fact)) {
        if let Some(fact) = Rc::make_mut(&mut self.facts).get_mut(usize::from(register)) {
            change(fact);
        }
    }

    /// Notes that a register has a new value, in its variable.
    pub(crate) fn define(&mut self, register: u16, kind: Kind) {
        self.change(register, |fact| {
            *fact = Fact { kind, is_dirty: true, is_in_frame: false, ..*fact };
        });
    }

    /// Notes the result of a check of the value of a register.
    pub(crate) fn refine(&mut self, register: u16, kind: Kind) {
        self.change(register, |fact| {
            fact.kind = kind;
            if !fact.is_dirty {
                fact.frame_may_refer = kind.may_refer();
            }
        });
    }

    /// Notes that the value of a register is in its variable.
    pub(crate) fn loaded(&mut self, register: u16) {
        self.change(register, |fact| fact.is_in_frame = false);
    }

    /// Notes that the value of a register has been written to the frame.
    pub(crate) fn written(&mut self, register: u16) {
        self.change(register, |fact| {
            fact.is_dirty = false;
            fact.frame_may_refer = fact.kind.may_refer();
        });
    }

    /// Notes that a register of the frame holds an unknown value.
    pub(crate) fn forget(&mut self, register: u16) {
        self.change(register, |fact| *fact = Fact::UNKNOWN);
    }

    /// Notes that objects may have moved. The frame has all that is needed later.
    pub(crate) fn objects_moved(&mut self) {
        for fact in Rc::make_mut(&mut self.facts) {
            if fact.kind.may_refer() {
                debug_assert!(!fact.is_dirty, "references are in the frame when objects move");
                fact.is_in_frame = true;
            }
        }
    }

    /// Notes that a call has returned, whose base is a register. Blocks may have changed registers of the frame.
    pub(crate) fn called(&mut self, call_base: u16, captured: &Registers) {
        self.objects_moved();
        for register in captured.iter().chain(call_base..self.count()) {
            self.forget(register);
        }
    }

    /// Returns the state that a new version of the code at a place expects, if this is the state of the path that leads
    /// there. Only live registers keep their facts.
    pub(crate) fn version(&self, live: &Registers, repeated: Option<&Loop>) -> State {
        let mut version = self.clone();
        version.is_rare = false;
        if let Some(repeated) = repeated {
            version.holds_budget = !repeated.has_calls;
        }
        for (register, fact) in (0u16..).zip(Rc::make_mut(&mut version.facts)) {
            if !live.contains(register) {
                let refers = repeated.is_some_and(|repeated| repeated.referring.contains(register));
                let frame_may_refer = fact.frame_may_refer || refers;
                *fact = Fact { frame_may_refer, ..Fact::UNKNOWN };
            } else if let Some(repeated) = repeated {
                if repeated.assigned.contains(register) && !fact.kind.may_refer() && !fact.is_in_frame {
                    fact.is_dirty = true;
                    fact.frame_may_refer = false;
                }
                if !repeated.has_calls {
                    fact.is_in_frame = false;
                }
            }
        }
        version
    }

    /// Returns the cost of going from this state to a version; none if that is not possible.
    pub(crate) fn cost_to(&self, version: &State, live: &Registers) -> Option<u32> {
        let mut cost = u32::from(self.holds_budget != version.holds_budget);
        for (register, (from, to)) in (0u16..).zip(self.facts.iter().zip(version.facts.iter())) {
            if !live.contains(register) {
                cost += u32::from(must_clear(*from, *to));
                continue;
            }
            match (from.kind, to.kind) {
                (from, to) if from == to => {}
                (Kind::Words(from), Kind::Words(to)) if from >= to => {}
                (Kind::Float, Kind::Any) => cost += COST_OF_LOSS + COST_OF_PACKING,
                (_, Kind::Any) => cost += COST_OF_LOSS,
                _ => return None,
            }
            cost += u32::from(must_write(*from, *to)) + u32::from(from.is_in_frame && !to.is_in_frame);
        }
        Some(cost)
    }
}

/// Returns whether a register must be written on the way from one state to another, in which it is needed.
pub(crate) fn must_write(from: Fact, to: Fact) -> bool {
    from.is_dirty && (!to.is_dirty || from.frame_may_refer && !to.frame_may_refer)
}

/// Returns whether the word of a register in the frame must be cleared on the way from one state to another, in which the
/// register is not needed.
pub(crate) fn must_clear(from: Fact, to: Fact) -> bool {
    from.frame_may_refer && !to.frame_may_refer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registers(list: &[u16]) -> Registers {
        let mut registers = Registers::default();
        list.iter().for_each(|register| registers.insert(*register));
        registers
    }

    #[test]
    fn numbers_wait_over_numbers_and_references_do_not() {
        let mut state = State::at_call(3, 1);
        state.define(1, Kind::Int);
        assert!(state.fact(1).is_dirty && !state.fact(1).is_pending());
        state.define(2, Kind::Any);
        assert!(state.fact(2).is_pending());
        // The argument may be a reference: the integer must take its place.
        state.define(0, Kind::Int);
        assert!(state.fact(0).is_pending());
        state.written(0);
        state.define(0, Kind::Float);
        assert!(!state.fact(0).is_pending());
    }

    #[test]
    fn a_check_tells_about_the_frame_too() {
        let mut state = State::unknown(2);
        state.refine(0, Kind::Int);
        assert!(!state.fact(0).frame_may_refer);
        state.define(0, Kind::Float);
        assert!(!state.fact(0).is_pending());
        state.define(1, Kind::Any);
        state.refine(1, Kind::Int);
        assert!(state.fact(1).is_pending(), "the older word may still be a reference");
    }

    #[test]
    fn calls_keep_numbers_and_move_objects() {
        let mut state = State::at_call(6, 0);
        for (register, kind) in [(0, Kind::Int), (1, Kind::Object(7)), (2, Kind::Int), (5, Kind::Float)] {
            state.define(register, kind);
            state.written(register);
        }
        state.called(4, &registers(&[2]));
        assert_eq!(state.kind(0), Kind::Int);
        assert!(!state.fact(0).is_in_frame);
        assert_eq!(state.kind(1), Kind::Object(7));
        assert!(state.fact(1).is_in_frame);
        assert_eq!(state.fact(2), Fact::UNKNOWN, "a block may have changed it");
        assert_eq!(state.fact(5), Fact::UNKNOWN, "the callee's frame was there");
    }

    #[test]
    fn versions_forget_what_is_not_needed() {
        let mut state = State::at_call(3, 0);
        state.define(0, Kind::Int);
        state.define(1, Kind::Float);
        let version = state.version(&registers(&[1]), None);
        assert_eq!(version.kind(0), Kind::Any);
        assert_eq!(version.kind(1), Kind::Float);
        assert!(version.fact(1).is_dirty);
        assert_eq!(state.cost_to(&version, &registers(&[1])), Some(0));
        let mut other = state.clone();
        other.define(0, Kind::Object(3));
        other.written(0);
        assert_eq!(
            other.cost_to(&version, &registers(&[1])),
            Some(1),
            "the reference in its frame is cleared"
        );
    }

    #[test]
    fn the_general_version_takes_all() {
        let live = registers(&[0, 1, 2]);
        let mut state = State::at_call(3, 1);
        state.define(1, Kind::Float);
        state.define(2, Kind::Int);
        let general = State::unknown(3);
        assert_eq!(state.cost_to(&general, &live), Some(2 * COST_OF_LOSS + COST_OF_PACKING + 2));
        assert_eq!(general.cost_to(&state, &live), None);
    }

    #[test]
    fn loops_expect_what_they_assign_to_be_dirty() {
        let live = registers(&[0, 1]);
        let mut state = State::at_call(3, 0);
        state.define(0, Kind::Int);
        state.written(0);
        let repeated = Loop { assigned: registers(&[0]), referring: registers(&[2]), has_calls: false };
        let version = state.version(&live, Some(&repeated));
        assert!(version.fact(0).is_dirty);
        assert!(!version.fact(1).is_in_frame, "it is loaded once");
        assert!(version.fact(2).frame_may_refer);
        assert_eq!(state.cost_to(&version, &live), Some(2), "the register and the budget are loaded");
        state.define(0, Kind::Int);
        state.loaded(1);
        state.holds_budget = true;
        assert_eq!(state.cost_to(&version, &live), Some(0));
    }
}
