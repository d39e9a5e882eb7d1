//! Processes, groups, mailboxes, scheduler, delivery and death.
