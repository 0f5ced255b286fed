//! A program as `misstep.evaluate.export` writes it. Serde reads it; a form that is not here is an error.
use rustc_hash::FxHashMap;
use serde::Deserialize;

/// A value of a field. Words and sets are numbers: those of the program first, then those of the record.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    Unknown,
    Truth(bool),
    Whole(i64),
    Number(f64),
    Word(u32),
    Set(u32),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Node {
    Constant(Value),
    Field(usize, usize),
    Id(usize),
    Kind(usize),
    Trait(usize, usize),
    Known(Box<Node>),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Compare(Vec<Comparator>, Vec<Node>),
    Among(Box<Node>, Vec<Value>, bool),
    Arithmetic(char, Box<Node>, Box<Node>, bool),
    If(Box<Node>, Box<Node>, Box<Node>),
    Curve(Box<Node>, Vec<f64>, Vec<f64>, bool),
    Thousandths(Box<Node>),
}

#[derive(Clone, Copy, Deserialize)]
pub enum Comparator {
    #[serde(rename = "==")]
    Is,
    #[serde(rename = "!=")]
    IsNot,
    #[serde(rename = "<")]
    Less,
    #[serde(rename = "<=")]
    AtMost,
    #[serde(rename = ">")]
    More,
    #[serde(rename = ">=")]
    AtLeast,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    Test(Node),
    Each(usize, usize, Vec<usize>),
    Exists(Inside, bool),
}

#[derive(Deserialize)]
pub struct Inside {
    pub slot: usize,
    pub pattern: usize,
    pub others: Vec<usize>,
    pub tests: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    Contribute(usize, usize, Node),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    Text(String),
    Show(Node),
    Word(Node),
    Title(usize),
}

#[derive(Deserialize)]
pub struct Rule {
    pub id: u32,
    pub slots: usize,
    pub start: (usize, usize),
    pub steps: Vec<Step>,
    pub effects: Vec<Effect>,
    pub because: Vec<Part>,
    pub facts: Vec<usize>,
    pub sources: Vec<String>,
    pub concluded: bool,
    pub read: Vec<(usize, usize)>,
    pub shown: Vec<(usize, usize)>,
}

#[derive(Deserialize)]
pub struct Pattern {
    pub kinds: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    Boolean,
    Integer,
    Number,
    Text,
    Enum,
    Set,
}

#[derive(Deserialize)]
pub struct Field {
    pub name: String,
    #[serde(rename = "type")]
    pub form: Form,
    pub required: bool,
    pub default: Value,
    pub words: Vec<u32>,
    pub low: f64,
    pub high: f64,
}

#[derive(Deserialize)]
pub struct Kind {
    pub name: u32,
    pub role: String,
    pub title: String,
    pub assumed: String,
    pub traits: Vec<u32>,
    pub fields: Vec<Field>,
    #[serde(skip)]
    pub columns: FxHashMap<String, usize>,
}

#[derive(Deserialize)]
struct Phase {
    rest: Vec<usize>,
}

#[derive(Deserialize)]
struct Phases {
    scoring: Phase,
}

#[derive(Deserialize)]
pub struct Program {
    pub kinds: Vec<Kind>,
    pub rules: Vec<Rule>,
    pub patterns: Vec<Pattern>,
    pub sets: Vec<Vec<u32>>,
    pub words: Vec<String>,
    phases: Phases,
    #[serde(skip)]
    pub kind_of: FxHashMap<String, usize>,
    #[serde(skip)]
    pub word_of: FxHashMap<String, u32>,
    /// The rules that start from a fact of each kind.
    #[serde(skip)]
    pub starts: Vec<Vec<usize>>,
}

impl Program {
    pub fn load(data: &[u8]) -> Result<Program, serde_json::Error> {
        let mut program: Program = serde_json::from_slice(data)?;
        program.word_of = program
            .words
            .iter()
            .enumerate()
            .map(|(i, word)| (word.clone(), i as u32))
            .collect();
        program.starts = program.kinds.iter().map(|_| vec![]).collect();
        for &rule in &program.phases.scoring.rest {
            for &kind in &program.patterns[program.rules[rule].start.1].kinds {
                program.starts[kind].push(rule);
            }
        }
        for (number, kind) in program.kinds.iter_mut().enumerate() {
            kind.columns = kind
                .fields
                .iter()
                .enumerate()
                .map(|(i, field)| (field.name.clone(), i))
                .collect();
            if kind.role != "derived" {
                program.kind_of.insert(program.words[kind.name as usize].clone(), number);
            }
        }
        Ok(program)
    }
}
