pub mod automerge;
pub mod cola;
pub mod diamond;
pub mod loro;
pub mod yrs;
