//! A program as `misstep.evaluate.export` writes it. Serde reads it; a form that is not here is an error.
use crate::json::Json;
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

/// An expression; the first of its parts is the slot of a fact or value, where it has one.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Node {
    Constant(Value),
    Field(usize, usize),
    Score(usize, Score),
    Id(usize),
    Kind(usize),
    Trait(usize, usize),
    Bound(usize),
    Known(Box<Node>),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Compare(Vec<Comparator>, Vec<Node>),
    Among(Box<Node>, Vec<Value>, bool),
    Holds(Box<Node>, Box<Node>, bool),
    Arithmetic(char, Box<Node>, Box<Node>, bool),
    Negative(Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
    Slice(Box<Node>, Option<i64>, Option<i64>),
    Curve(Box<Node>, Vec<f64>, Vec<f64>, bool),
    Thousandths(Box<Node>),
    Within(Box<Node>),
    Number(Box<Node>),
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

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Function {
    Min,
    Max,
    Abs,
    Round,
    Len,
    Lower,
    Contains,
    Starts,
}

/// A field of a finding.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    Severity,
    Noticed,
    Urgency,
    Damage,
    Verdict,
    SeverityBand,
    NoticedLevel,
    UrgencyLevel,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    Test(Node),
    /// Slot, pattern, and the slots whose facts it must not take.
    Each(usize, usize, Vec<usize>),
    Exists(Inside, bool),
    Gather(Gather),
}

#[derive(Deserialize)]
pub struct Inside {
    pub slot: usize,
    pub pattern: usize,
    pub others: Vec<usize>,
    pub tests: Vec<Node>,
}

#[derive(Deserialize)]
pub struct Gather {
    pub slot: usize,
    pub function: Aggregate,
    pub whole: bool,
    pub inside: Inside,
    pub value: Option<Node>,
    pub keys: Vec<(usize, Node)>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aggregate {
    Count,
    Sum,
    Min,
    Max,
    Average,
    Distinct,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Dimension, mistake (none: of the record), and amount.
    Contribute(usize, Option<usize>, Node),
    Derive(usize, Vec<Node>),
    /// Action, mistakes, relief and due hours.
    Recommend(usize, Vec<usize>, Option<Node>, Option<Node>),
    Veto(usize, Vec<usize>),
    Note(Vec<Part>),
    Limit(usize),
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
    pub start: Option<(usize, usize)>,
    pub steps: Vec<Step>,
    pub effects: Vec<Effect>,
    pub because: Vec<Part>,
    pub facts: Vec<usize>,
    pub sources: Vec<String>,
    /// Their places among the sources of the program.
    #[serde(skip)]
    pub cited: Vec<usize>,
    /// How a reason begins in an answer, and how it ends: where it rests on a default, and where not.
    #[serde(skip)]
    pub begin: String,
    #[serde(skip)]
    pub ends: [String; 2],
    pub concluded: bool,
    pub read: Vec<(usize, usize)>,
    pub shown: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    Fact,
    Finding,
    Outlook,
}

#[derive(Deserialize)]
pub struct Pattern {
    pub over: Over,
    pub kinds: Vec<usize>,
    /// Of many kinds: whether each one is among them, as a record has few.
    #[serde(skip)]
    pub among: Option<Vec<bool>>,
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

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Mistake,
    Signal,
    Strength,
    Setting,
    Derived,
}

#[derive(Deserialize)]
pub struct Kind {
    pub name: u32,
    pub role: Role,
    pub title: String,
    pub assumed: String,
    pub each: bool,
    pub said: Option<usize>,
    pub repair: Option<usize>,
    pub word: Option<usize>,
    /// How an action is done for it, by the action.
    pub advice: Vec<(usize, Option<usize>)>,
    pub traits: Vec<u32>,
    pub fields: Vec<Field>,
    #[serde(skip)]
    pub columns: FxHashMap<String, usize>,
    /// Its name and title, as they stand in an answer.
    #[serde(skip)]
    pub named: String,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    Repairs,
    Plain,
    Private,
}

#[derive(Deserialize)]
pub struct Action {
    pub id: String,
    pub title: String,
    pub text: String,
    pub clause: String,
    pub says: Option<usize>,
    pub reach: Reach,
    pub channels: Vec<u32>,
    pub occasion: u32,
    pub leads: bool,
    pub excludes: Vec<usize>,
    pub due_hours: Option<f64>,
    pub group: u32,
    pub relief: i64,
    /// The place of its part of a message.
    pub part: usize,
    pub recommended: bool,
    /// Its id and title, as they stand in an answer.
    #[serde(skip)]
    pub named: String,
}

impl Reach {
    pub fn word(self) -> &'static str {
        match self {
            Reach::Repairs => "repairs",
            Reach::Plain => "plain",
            Reach::Private => "private",
        }
    }
}

impl Action {
    /// Whether the other side hears of it.
    pub fn outward(&self) -> bool {
        self.reach != Reach::Private
    }
}

#[derive(Deserialize)]
pub struct Levels {
    pub words: Vec<u32>,
    pub lower: Vec<f64>,
}

#[derive(Deserialize)]
pub struct Scale {
    pub severity: Levels,
    pub noticed: Levels,
    pub urgency: Levels,
    pub noticed_start: i64,
    pub overall_weights: Vec<i64>,
    pub verdicts: Vec<u32>,
    pub table: Vec<Vec<Vec<usize>>>,
    pub outlooks: Vec<u32>,
    pub max_actions: usize,
    pub max_relief: i64,
    /// The kind that says which channels are open, and the columns of channel and occasion.
    pub ways: Option<(usize, usize, usize)>,
    pub unable: u32,
    /// Hours by the rank of a verdict.
    pub act_within: Vec<(usize, f64)>,
    /// With their places and titles.
    pub occasions: Vec<(u32, usize, String)>,
    /// The word for nothing.
    pub empty: u32,
    pub message: Message,
}

/// What messages and headlines are made of; templates by number.
#[derive(Deserialize)]
pub struct Message {
    pub headline: Option<usize>,
    /// The channels over which one is written, and those over which it is said, with the opening there.
    pub written: Vec<u32>,
    pub spoken: Vec<(u32, Option<usize>)>,
    pub max_words: usize,
    pub parts: Vec<MessagePart>,
    pub subject: Option<usize>,
    pub opening: Option<usize>,
    pub closing: Option<usize>,
    pub unnoticed: Option<usize>,
}

/// A part of a message, in so many sentences at most (0: any number).
#[derive(Deserialize)]
pub struct MessagePart {
    pub sentences: usize,
    pub last: bool,
    pub says: Option<usize>,
}

#[derive(Deserialize)]
pub struct Template {
    pub variables: Vec<Variable>,
    pub body: Vec<Piece>,
}

/// What a variable of a template stands for.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variable {
    Said,
    Repair,
    Outlook,
    Verdict,
    Wrong,
    Plan(Option<usize>),
    Step(usize),
    Is(Which),
    Of(OfField),
    /// A trait of the worst mistake, or its kind, and the name of that.
    Trait(Option<usize>, String),
}

/// Which fact: the worst mistake, the first mistake of a kind, or the fact of a kind that says most.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    Worst,
    First(usize),
    Fullest(usize),
}

#[derive(Deserialize)]
pub struct OfField {
    pub source: Which,
    pub name: String,
    pub column: usize,
    pub text: bool,
    pub assumes: bool,
    pub unsaid: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Piece {
    Text(String),
    Value(Term),
    If(Vec<(Term, Vec<Piece>)>, Vec<Piece>),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Term {
    Constant(Constant),
    Variable(usize),
    Not(Box<Term>),
    And(Box<Term>, Box<Term>),
    Or(Box<Term>, Box<Term>),
    Choose(Box<Term>, Box<Term>, Box<Term>),
    Filter(Filter, Box<Term>),
    Compare(Operator, Box<Term>, Box<Term>),
    Among(Box<Term>, Vec<Term>, bool),
    Holds(Box<Term>, Box<Term>, bool),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Constant {
    Truth(bool),
    Whole(i64),
    Number(f64),
    Text(String),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    Lower,
    Upper,
    Capitalize,
    Round,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operator {
    Eq,
    Ne,
    Lt,
    #[serde(rename = "lteq")]
    AtMost,
    Gt,
    #[serde(rename = "gteq")]
    AtLeast,
}

#[derive(Deserialize)]
pub struct Deriving {
    pub once: Vec<usize>,
    pub growing: Vec<usize>,
    pub kinds: Vec<usize>,
    #[serde(skip)]
    pub pass: Pass,
}

#[derive(Deserialize)]
pub struct Phase {
    pub deriving: Vec<Deriving>,
    pub rest: Vec<usize>,
    #[serde(skip)]
    pub pass: Pass,
}

/// Rules that are run once, by the kinds of the facts or findings that they start from; `always`: those that start from none.
#[derive(Default)]
pub struct Pass {
    pub facts: Vec<Vec<Start>>,
    pub findings: Vec<Vec<Start>>,
    pub always: Vec<usize>,
}

/// A rule that starts from a fact in a slot, where the fact and the settings meet its checks; which step comes next.
pub struct Start {
    pub rule: usize,
    pub slot: usize,
    pub next: usize,
    pub checks: Vec<Check>,
    /// The kinds whose facts the steps between the checks look at.
    pub looked_at: Vec<usize>,
}

/// What a rule asks of one value, so that most rules are passed over without a look at them; `after`: so many of `looked_at`.
pub struct Check {
    pub read: Read,
    pub met: Met,
    pub negated: bool,
    pub after: usize,
}

/// A column or score of the fact that a rule starts from, or a column of a setting, of which there is one at most.
#[derive(Clone, Copy)]
pub enum Read {
    Own(usize),
    Score(Score),
    Setting(usize, usize),
}

pub enum Met {
    True,
    Known,
    Compares(Comparator, Value),
    Among(Vec<Value>),
}

#[derive(Deserialize)]
pub struct Phases {
    pub scoring: Phase,
    pub judging: Phase,
    pub advising: Phase,
}

#[derive(Deserialize)]
pub struct Limits {
    pub record_bytes: usize,
    pub facts: usize,
    pub work: usize,
    pub derived: usize,
}

#[derive(Deserialize)]
pub struct Source {
    pub id: String,
    /// As it stands in an answer.
    pub json: String,
}

#[derive(Deserialize)]
pub struct RuleBaseInfo {
    pub name: String,
    pub version: String,
    pub digest: String,
}

#[derive(Deserialize)]
pub struct Program {
    pub kinds: Vec<Kind>,
    pub rules: Vec<Rule>,
    pub patterns: Vec<Pattern>,
    pub sets: Vec<Vec<u32>>,
    pub words: Vec<String>,
    pub phases: Phases,
    pub actions: Vec<Action>,
    pub sources: Vec<Source>,
    pub templates: Vec<Template>,
    /// The actions that exclude others, an action that is excluded itself later.
    pub exclusions: Vec<usize>,
    pub scale: Scale,
    pub limits: Limits,
    pub rulebase: RuleBaseInfo,
    #[serde(skip)]
    pub kind_of: FxHashMap<String, usize>,
    #[serde(skip)]
    pub word_of: FxHashMap<String, u32>,
    /// The words as JSON.
    #[serde(skip)]
    pub quoted: Vec<String>,
    #[serde(skip)]
    pub most_slots: usize,
    /// The kinds of settings that are assumed where a record has none.
    #[serde(skip)]
    pub assumed: Vec<usize>,
}

impl Program {
    pub fn load(data: &[u8]) -> Result<Program, serde_json::Error> {
        let mut program: Program = serde_json::from_slice(data)?;
        program.word_of = program.words.iter().enumerate().map(|(i, word)| (word.clone(), i as u32)).collect();
        program.quoted = program.words.iter().map(|word| Json::written(|json| json.text(word))).collect();
        program.most_slots = program.rules.iter().map(|rule| rule.slots + 1).max().unwrap_or(0);
        for (number, kind) in program.kinds.iter_mut().enumerate() {
            if !kind.assumed.is_empty() {
                program.assumed.push(number);
            }
            kind.columns = kind.fields.iter().enumerate().map(|(i, field)| (field.name.clone(), i)).collect();
            let name = &program.quoted[kind.name as usize];
            kind.named = Json::written(|json| json.put(",\"kind\":").put(name).name("title").text(&kind.title));
            if kind.role != Role::Derived {
                program.kind_of.insert(program.words[kind.name as usize].clone(), number);
            }
        }
        for pattern in program.patterns.iter_mut().filter(|pattern| pattern.kinds.len() > FEW_KINDS) {
            pattern.among = Some((0..program.kinds.len()).map(|kind| pattern.kinds.contains(&kind)).collect());
        }
        for rule in &mut program.rules {
            let cited = |id: &String| program.sources.iter().position(|source| source.id == *id);
            rule.cited = rule.sources.iter().filter_map(cited).collect();
            rule.begin = format!("{{\"rule\":{}", program.quoted[rule.id as usize]);
            let cites = Json::written(|json| json.texts(rule.sources.iter().map(String::as_str)));
            let bases = [if rule.concluded { "concluded" } else { "said" }, "assumed"];
            rule.ends = bases.map(|basis| format!(",\"sources\":{cites},\"basis\":\"{basis}\"}}"));
        }
        for action in &mut program.actions {
            let (id, title) = (&action.id, &action.title);
            action.named = Json::written(|json| json.put("{").name("action").text(id).name("title").text(title));
        }
        let (rules, patterns, kinds) = (&program.rules, &program.patterns, &program.kinds);
        for phase in [&mut program.phases.scoring, &mut program.phases.judging, &mut program.phases.advising] {
            phase.pass = Pass::of(&phase.rest, rules, patterns, kinds);
            for deriving in &mut phase.deriving {
                deriving.pass = Pass::of(&deriving.once, rules, patterns, kinds);
            }
        }
        Ok(program)
    }
}

const FEW_KINDS: usize = 4;

impl Pass {
    fn of(numbers: &[usize], rules: &[Rule], patterns: &[Pattern], kinds: &[Kind]) -> Pass {
        let none = || kinds.iter().map(|_| vec![]).collect();
        let mut pass = Pass { facts: none(), findings: none(), always: vec![] };
        for &number in numbers {
            let Some((slot, start)) = rules[number].start else {
                pass.always.push(number);
                continue;
            };
            let of_kind = if patterns[start].over == Over::Fact { &mut pass.facts } else { &mut pass.findings };
            for &kind in &patterns[start].kinds {
                if rules[number].can_start(&kinds[kind]) {
                    of_kind[kind].push(Start::of(number, slot, &rules[number].steps, &kinds[kind], patterns, kinds));
                }
            }
        }
        pass
    }
}

impl Start {
    fn of(rule: usize, slot: usize, steps: &[Step], kind: &Kind, patterns: &[Pattern], kinds: &[Kind]) -> Start {
        let mut start = Start { rule, slot, next: 0, checks: vec![], looked_at: vec![] };
        let mut settings: Vec<(usize, usize)> = vec![];
        for (place, step) in steps.iter().enumerate() {
            let pattern = match step {
                Step::Test(test) => {
                    let check = Check::of(test, slot, &settings, start.looked_at.len());
                    if start.next == place && (check.is_some() || decided(test, kind).is_some()) {
                        start.next += 1;
                    }
                    start.checks.extend(check);
                    continue;
                }
                Step::Exists(inside, _) => &patterns[inside.pattern],
                Step::Each(of, pattern, _) => {
                    let pattern = &patterns[*pattern];
                    match pattern.kinds[..] {
                        [setting] if pattern.over == Over::Fact && kinds[setting].role == Role::Setting => {
                            settings.push((*of, setting));
                        }
                        [] => (), // the outlook
                        _ => break,
                    }
                    pattern
                }
                Step::Gather(_) => break,
            };
            if pattern.among.is_some() {
                break;
            }
            start.looked_at.extend(&pattern.kinds);
        }
        start
    }
}

impl Check {
    fn of(test: &Node, own: usize, settings: &[(usize, usize)], after: usize) -> Option<Check> {
        let read = |node: &Node| match node {
            Node::Field(of, column) if *of == own => Some(Read::Own(*column)),
            Node::Field(of, column) => {
                settings.iter().find(|(slot, _)| slot == of).map(|(_, kind)| Read::Setting(*kind, *column))
            }
            Node::Score(of, score) if *of == own => Some(Read::Score(*score)),
            _ => None,
        };
        let (read, met, negated) = match test {
            Node::Not(test) => {
                let check = Check::of(test, own, settings, after)?;
                return Some(Check { negated: !check.negated, ..check });
            }
            Node::Known(field) => (read(field)?, Met::Known, false),
            Node::Among(item, values, negated) => (read(item)?, Met::Among(values.clone()), *negated),
            Node::Compare(operators, operands) => match (&operators[..], &operands[..]) {
                ([operator], [left, Node::Constant(right)]) => (read(left)?, Met::Compares(*operator, *right), false),
                _ => return None,
            },
            field => (read(field)?, Met::True, false),
        };
        Some(Check { read, met, negated, after })
    }
}

impl Rule {
    /// Whether it can fire from a fact of a kind, by what the kind alone decides.
    fn can_start(&self, kind: &Kind) -> bool {
        self.steps.iter().map_while(Step::test).all(|test| decided(test, kind) != Some(false))
    }
}

impl Step {
    pub fn test(&self) -> Option<&Node> {
        if let Step::Test(test) = self { Some(test) } else { None }
    }
}

/// What the kind of the only fact that there is yet decides of a test.
fn decided(test: &Node, kind: &Kind) -> Option<bool> {
    let word = |node: &Node| match node {
        Node::Trait(_, place) => Some(kind.traits[*place]),
        Node::Kind(_) => Some(kind.name),
        _ => None,
    };
    let is = |value: &Value, wanted: u32| matches!(value, Value::Word(word) if *word == wanted);
    match test {
        Node::Compare(operators, operands) => match (&operators[..], &operands[..]) {
            ([Comparator::Is], [left, Node::Constant(right)]) => Some(is(right, word(left)?)),
            ([Comparator::IsNot], [left, Node::Constant(right)]) => Some(!is(right, word(left)?)),
            _ => None,
        },
        Node::Among(item, values, negated) => {
            let word = word(item)?;
            Some(values.iter().any(|value| is(value, word)) != *negated)
        }
        _ => None,
    }
}
