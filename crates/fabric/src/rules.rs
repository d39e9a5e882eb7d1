//! Which services go to which machines, and come from which.
//!
//! A rule is `SERVICE` or `MACHINE:SERVICE`. *SERVICE* is the UUID of an interface, the name of a provider, one of its
//! tags, or `all`. Without *MACHINE* the rule holds for all machines. A *SERVICE* that contains a colon needs the first
//! colon too: `:a:b` is the service `a:b` for all machines. Interfaces of the system itself never go to other
//! machines, and never come from there: each system has its own.

use std::fmt;
use std::str::FromStr;

use lucarne_services::Offered;
use lucarne_services::protocol::interface;
use thiserror::Error;

use crate::name::{BadName, MachineName};
use crate::status;

/// One rule: see the module documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    machine: Option<MachineName>,
    service: Which,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    All,
    Named(String),
}

/// The text is not a rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadRule {
    /// The part before the colon is not the name of a machine.
    #[error(transparent)]
    Machine(#[from] BadName),
    /// No service is named.
    #[error(
        "'{0}' names no service: write SERVICE or MACHINE:SERVICE, where SERVICE is a UUID, a name, a tag or 'all'"
    )]
    Service(String),
}

/// Several rules. What no rule names is not permitted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules(Vec<Rule>);

impl FromStr for Rule {
    type Err = BadRule;

    fn from_str(text: &str) -> Result<Rule, BadRule> {
        // A name of a service may contain colons, but then a machine must be named too.
        let (machine, service) = match text.split_once(':') {
            Some(("", service)) => (None, service),
            Some((machine, service)) => (Some(machine.parse()?), service),
            None => (None, text),
        };
        match service {
            "" => Err(BadRule::Service(text.escape_debug().to_string())),
            "all" => Ok(Rule { machine, service: Which::All }),
            name => Ok(Rule { machine, service: Which::Named(name.to_owned()) }),
        }
    }
}

impl fmt::Display for Rule {
    /// Writes the rule as it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = match &self.service {
            Which::All => "all",
            Which::Named(name) => name,
        };
        match &self.machine {
            Some(machine) => write!(f, "{machine}:{service}"),
            None if service.contains(':') => write!(f, ":{service}"),
            None => f.write_str(service),
        }
    }
}

impl Rule {
    fn names(&self, offered: &Offered) -> bool {
        match &self.service {
            Which::All => true,
            Which::Named(name) => {
                offered.uuid.eq_ignore_ascii_case(name)
                    || offered.name == *name
                    || offered.tags.contains(name)
            }
        }
    }

    fn permits(&self, machine: &MachineName, offered: &Offered) -> bool {
        self.machine.as_ref().is_none_or(|named| named == machine) && self.names(offered)
    }
}

impl Rules {
    /// Returns whether a service may go to a machine, or come from it.
    pub fn permit(&self, machine: &MachineName, offered: &Offered) -> bool {
        !is_of_system(&offered.uuid) && self.0.iter().any(|rule| rule.permits(machine, offered))
    }

    /// Returns whether a service may go to any machine, or come from any.
    pub fn permit_any(&self, offered: &Offered) -> bool {
        !is_of_system(&offered.uuid) && self.0.iter().any(|rule| rule.names(offered))
    }

    /// Returns whether a rule holds for a machine. Otherwise none of its services needs to be looked at.
    pub fn concern(&self, machine: &MachineName) -> bool {
        self.0.iter().any(|rule| rule.machine.as_ref().is_none_or(|named| named == machine))
    }

    /// Returns whether the list of rules is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Rule> for Rules {
    fn from_iter<I: IntoIterator<Item = Rule>>(rules: I) -> Rules {
        Rules(rules.into_iter().collect())
    }
}

fn is_of_system(uuid: &str) -> bool {
    let mut own = interface::ALL.iter().map(|interface| interface.uuid).chain([status::INTERFACE]);
    own.any(|own| own.eq_ignore_ascii_case(uuid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lucarne_kernel::Pid;

    const UUID: &str = "0b2a5a3b-93b7-4e3c-9f43-c9e4a6c2c1d7";

    fn offered() -> Offered {
        Offered {
            pid: Pid::from_i64(1),
            id: 0,
            uuid: UUID.to_owned(),
            name: "house/sensor".to_owned(),
            version: (1, 0),
            priority: 128,
            tags: vec!["cellar".to_owned()],
        }
    }

    fn permits(rules: &[&str], machine: &str) -> bool {
        let rules: Rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        rules.permit(&machine.parse().unwrap(), &offered())
    }

    #[test]
    fn a_rule_names_a_service_by_uuid_name_or_tag() {
        for rule in [UUID, &UUID.to_uppercase(), "house/sensor", "cellar", "all", ":cellar", "hall:all"] {
            assert!(permits(&[rule], "hall"), "{rule}");
        }
        for rule in ["house", "attic", "attic:all", "attic:cellar"] {
            assert!(!permits(&[rule], "hall"), "{rule}");
        }
        assert!(!permits(&[], "hall"));
        assert!(permits(&["attic:all", "hall:cellar"], "hall"));
    }

    #[test]
    fn rules_are_written_as_they_are_read() {
        for text in ["all", "cellar", "hall:all", "hall:room:3", ":room:3", UUID] {
            let rule: Rule = text.parse().unwrap();
            assert_eq!(rule.to_string(), text);
        }
        assert_eq!(":cellar".parse::<Rule>().unwrap().to_string(), "cellar");
    }

    #[test]
    fn what_names_no_service_is_no_rule() {
        for text in ["", "hall:", ":", "Hall:x", "a b:x"] {
            assert!(text.parse::<Rule>().is_err(), "{text}");
        }
    }

    #[test]
    fn services_of_the_system_stay_at_home() {
        let rules: Rules = ["all".parse().unwrap()].into_iter().collect();
        let own = interface::ALL.iter().map(|interface| interface.uuid).chain([status::INTERFACE]);
        for uuid in own {
            let offered = Offered { uuid: uuid.to_uppercase(), ..offered() };
            assert!(!rules.permit(&"hall".parse().unwrap(), &offered));
            assert!(!rules.permit_any(&offered));
        }
        assert!(rules.permit_any(&offered()));
    }
}
