//! Working memory: the facts of one record, and the conclusions of rules so far, each with its rule and match.
use crate::facts::Facts;
use crate::program::{Pattern, Program, Value};
use crate::scoring::Finding;
use std::cell::Cell;

/// What a name of a rule stands for.
#[derive(Clone, Copy)]
pub enum Slot {
    /// A fact, or the mistake of a finding.
    Fact(usize),
    /// The value of an aggregate or key, or the outlook.
    Value(Value),
}

/// A rule, and where its match begins in `Memory::matches`.
#[derive(Clone, Copy, PartialEq)]
pub struct Firing {
    pub rule: usize,
    pub matched: usize,
}

pub struct Contribution {
    /// None: of the record.
    pub mistake: Option<usize>,
    pub dimension: usize,
    pub amount: i64,
    pub firing: Firing,
}

pub struct Recommendation {
    pub action: usize,
    pub mistakes: Vec<usize>,
    pub relief: Option<i64>,
    pub due_hours: Option<f64>,
    pub firing: Firing,
}

pub struct Veto {
    pub action: usize,
    pub mistakes: Vec<usize>,
    pub firing: Firing,
}

pub struct Memory<'p> {
    pub program: &'p Program,
    pub facts: Facts<'p>,
    /// Worst first; and their places by fact.
    pub findings: Vec<Finding>,
    pub finding_of: Vec<Option<usize>>,
    /// The mistakes of the findings by kind.
    pub found: Vec<Vec<usize>>,
    pub outlook: usize,
    pub matches: Vec<Slot>,
    pub contributions: Vec<Contribution>,
    pub recommendations: Vec<Recommendation>,
    pub vetoes: Vec<Veto>,
    /// By their places among the effects of their rules.
    pub notes: Vec<(usize, Firing)>,
    pub outlooks: Vec<(usize, Firing)>,
    pub derivations: Vec<(usize, Firing)>,
    work: Cell<usize>,
    left: Cell<bool>,
}

/// Most records have fewer.
const USUAL_FIRINGS: usize = 32;
const USUAL_MATCHES: usize = 128;

impl<'p> Memory<'p> {
    pub fn new(program: &'p Program, facts: Facts<'p>) -> Memory<'p> {
        Memory {
            program,
            facts,
            findings: vec![],
            finding_of: vec![],
            found: vec![],
            outlook: 0,
            matches: Vec::with_capacity(USUAL_MATCHES),
            contributions: Vec::with_capacity(USUAL_FIRINGS),
            recommendations: Vec::with_capacity(USUAL_FIRINGS),
            vetoes: Vec::with_capacity(USUAL_FIRINGS),
            notes: vec![],
            outlooks: vec![],
            derivations: vec![],
            work: Cell::new(0),
            left: Cell::new(false),
        }
    }

    /// Something came up that Python has to decide, and perhaps to say.
    pub fn leave(&self) {
        self.left.set(true);
    }

    pub fn is_left(&self) -> bool {
        self.left.get()
    }

    /// Count facts that are looked at, at least as many as Python does.
    pub fn spend(&self, work: usize) {
        self.work.set(self.work.get() + work);
        if self.work.get() > self.program.limits.work {
            self.leave();
        }
    }

    pub fn derive(&mut self, kind: usize, values: &[Value], firing: Firing) {
        let fact = match self.facts.derive(kind, values) {
            Ok(new) => {
                let derived = self.facts.kinds.len() - self.facts.given;
                if derived > self.program.limits.derived || self.facts.of_kind[kind].len() > MOST_OF_A_KIND {
                    self.leave();
                }
                new
            }
            Err(known) => known,
        };
        self.derivations.push((fact, firing));
    }

    /// The mistakes of findings, or facts, of a kind.
    pub fn rows(&self, kind: usize, findings: bool) -> &[usize] {
        if findings { &self.found[kind] } else { &self.facts.of_kind[kind] }
    }

    /// The kinds of a pattern; of many, those that have facts.
    pub fn kinds_of<'m>(&'m self, pattern: &'m Pattern) -> impl Iterator<Item = usize> + 'm {
        let some = if pattern.among.is_some() { &self.facts.present } else { &pattern.kinds };
        some.iter().copied().filter(|&kind| pattern.among.as_ref().is_none_or(|among| among[kind]))
    }

    /// The facts of a match.
    pub fn matched(&self, firing: Firing) -> &[Slot] {
        &self.matches[firing.matched..firing.matched + self.program.rules[firing.rule].slots]
    }
}

/// Derived facts of one kind: each new one is compared with all of them, so beyond this Python, with a dictionary, is faster.
const MOST_OF_A_KIND: usize = 1_000;

pub fn fact(slot: Slot) -> usize {
    match slot {
        Slot::Fact(fact) => fact,
        Slot::Value(_) => unreachable!("the program binds a fact there"),
    }
}
