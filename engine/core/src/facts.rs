//! The bytes of a record in, its facts out; None where Python has to read it: what is wrong, and what is right but seldom.
use crate::json::Json;
use crate::numbers::compare_exactly;
use crate::program::{Field, Form, Kind, Program, Role, Value};
use elsa::FrozenVec;
use jiter::{Jiter, NumberAny, NumberInt, Peek};
use std::cmp::Ordering;

const MAX_ID: usize = 200;
const MAX_TEXT: usize = 10_000;
/// Most records have fewer, with all that rules derive.
const USUAL_FACTS: usize = 32;
const USUAL_FIELDS: usize = 10;

/// The facts of a record, one after the other, columns of all in one list; and by kind, in the order of their ids. Those that rules
/// derive come behind the `given` ones, and have no ids.
pub struct Facts<'p> {
    program: &'p Program,
    pub record_id: Option<String>,
    pub kinds: Vec<usize>,
    pub ids: Vec<u32>,
    offsets: Vec<usize>,
    values: Vec<Value>,
    said: Vec<bool>,
    texts: FrozenVec<String>,
    sets: Vec<Vec<u32>>,
    pub of_kind: Vec<Vec<usize>>,
    /// The kinds that have facts.
    pub present: Vec<usize>,
    pub given: usize,
    /// The kinds of the settings that are assumed.
    pub assumed: Vec<usize>,
}

pub const NO_ID: u32 = u32::MAX;

impl<'p> Facts<'p> {
    pub fn read(program: &'p Program, data: &[u8]) -> Option<Facts<'p>> {
        let mut facts = Facts {
            program,
            record_id: None,
            kinds: Vec::with_capacity(USUAL_FACTS),
            ids: Vec::with_capacity(USUAL_FACTS),
            offsets: Vec::with_capacity(USUAL_FACTS),
            values: Vec::with_capacity(USUAL_FACTS * USUAL_FIELDS),
            said: Vec::with_capacity(USUAL_FACTS * USUAL_FIELDS),
            texts: FrozenVec::new(),
            sets: vec![],
            of_kind: vec![vec![]; program.kinds.len()],
            present: vec![],
            given: 0,
            assumed: vec![],
        };
        if data.len() > program.limits.record_bytes {
            return None;
        }
        let mut json = Jiter::new(data);
        facts.record(&mut json, data)?;
        json.finish().ok()?;
        facts.complete()?;
        facts.given = facts.kinds.len();
        Some(facts)
    }

    pub fn value(&self, fact: usize, column: usize) -> Value {
        self.values[self.offsets[fact] + column]
    }

    /// Whether the record states a field of a fact.
    pub fn says(&self, fact: usize, column: usize) -> bool {
        self.said[self.offsets[fact] + column]
    }

    /// How many fields of a fact are unknown.
    pub fn unknown(&self, fact: usize) -> usize {
        (0..self.kind(fact).fields.len()).filter(|&column| matches!(self.value(fact, column), Value::Unknown)).count()
    }

    pub fn kind(&self, fact: usize) -> &'p Kind {
        &self.program.kinds[self.kinds[fact]]
    }

    pub fn word(&self, word: u32) -> &str {
        let words = &self.program.words;
        words.get(word as usize).map_or_else(|| &self.texts[word as usize - words.len()], String::as_str)
    }

    /// A word as JSON.
    pub fn put_word<'j>(&self, json: &'j mut Json, word: u32) -> &'j mut Json {
        match self.program.quoted.get(word as usize) {
            Some(quoted) => json.put(quoted),
            None => json.text(self.word(word)),
        }
    }

    /// The word of a field that has one.
    pub fn word_in(&self, value: Value) -> u32 {
        if let Value::Word(word) = value { word } else { self.program.scale.empty }
    }

    pub fn set(&self, set: u32) -> &[u32] {
        let sets = &self.program.sets;
        sets.get(set as usize).unwrap_or_else(|| &self.sets[set as usize - sets.len()])
    }

    pub fn compare(&self, a: Value, b: Value) -> Option<Ordering> {
        match (a, b) {
            (Value::Unknown, Value::Unknown) => Some(Ordering::Equal),
            (Value::Truth(a), Value::Truth(b)) => Some(a.cmp(&b)),
            (Value::Whole(a), Value::Whole(b)) => Some(a.cmp(&b)),
            (Value::Word(a), Value::Word(b)) if a == b => Some(Ordering::Equal),
            (Value::Word(a), Value::Word(b)) => Some(self.word(a).cmp(self.word(b))),
            (Value::Set(a), Value::Set(b)) => {
                Some(self.set(a).iter().map(|&w| self.word(w)).cmp(self.set(b).iter().map(|&w| self.word(w))))
            }
            (Value::Whole(a), Value::Number(b)) => compare_exactly(a, b),
            (Value::Number(a), Value::Whole(b)) => compare_exactly(b, a).map(Ordering::reverse),
            (Value::Number(a), Value::Number(b)) => a.partial_cmp(&b),
            _ => None,
        }
    }

    #[inline]
    pub fn same(&self, a: Value, b: Value) -> bool {
        match (a, b) {
            // a text of the record that is a word of the program has its number
            (Value::Word(a), Value::Word(b)) if a == b => true,
            (Value::Word(a), Value::Word(b)) => self.is_own(a) && self.is_own(b) && self.word(a) == self.word(b),
            _ => self.compare(a, b).is_some_and(Ordering::is_eq),
        }
    }

    fn is_own(&self, word: u32) -> bool {
        word as usize >= self.program.words.len()
    }

    // -- reading

    fn record(&mut self, json: &mut Jiter, data: &[u8]) -> Option<()> {
        if json.peek().ok()? == Peek::Array {
            return self.list(json, data);
        }
        let (mut id, mut list) = (false, false);
        let mut key = json.next_object().ok()?.map(str::to_string);
        while let Some(name) = key {
            match name.as_str() {
                "facts" if !list => {
                    self.list(json, data)?;
                    list = true;
                }
                "id" if !id => {
                    self.record_id = match json.peek().ok()? {
                        Peek::Null => json.known_null().ok().map(|()| None)?,
                        _ => Some(json.next_str().ok().filter(|id| is_id(id))?.to_string()),
                    };
                    id = true;
                }
                _ => return None,
            }
            key = json.next_key().ok()?.map(str::to_string);
        }
        list.then_some(())
    }

    fn list(&mut self, json: &mut Jiter, data: &[u8]) -> Option<()> {
        let mut next = json.next_array().ok()?;
        while let Some(Peek::Object) = next {
            if self.kinds.len() == self.program.limits.facts {
                return None;
            }
            self.fact(json, data)?;
            next = json.array_step().ok()?;
        }
        next.is_none().then_some(())
    }

    /// One fact; its kind stands first or elsewhere. Null says nothing, whatever the field.
    fn fact(&mut self, json: &mut Jiter, data: &[u8]) -> Option<()> {
        let program = self.program;
        let from = json.current_index();
        let first = json.next_object().ok()?;
        let mut has_kind = first == Some("kind");
        let (number, mut next) = if has_kind {
            (*program.kind_of.get(json.next_str().ok()?)?, None)
        } else {
            let first = first?.to_string();
            let number = self.kind_ahead(&data[from..])?;
            (number, Some(member(&program.kinds[number], &first)?))
        };
        let kind = &program.kinds[number];
        let start = self.add(number);
        let mut id = NO_ID;
        let mut nulls: Vec<Member> = vec![];
        loop {
            let of = match next.take() {
                Some(first) => first,
                None => match json.next_key().ok()? {
                    Some(name) => member(kind, name)?,
                    None => break,
                },
            };
            if nulls.contains(&of) {
                return None;
            }
            if of != Member::Kind && json.peek().ok()? == Peek::Null {
                json.known_null().ok()?;
                nulls.push(of);
                if matches!(of, Member::Column(column) if self.said[start + column]) || (of == Member::Id && id != NO_ID) {
                    return None;
                }
                continue;
            }
            match of {
                Member::Kind => {
                    json.next_str().ok().filter(|_| !has_kind)?;
                    has_kind = true;
                }
                Member::Id => {
                    let text = json.next_str().ok().filter(|text| id == NO_ID && is_id(text))?;
                    id = self.own(text);
                }
                Member::Column(column) => {
                    if self.said[start + column] {
                        return None;
                    }
                    self.said[start + column] = true;
                    self.values[start + column] = self.read_value(json, &kind.fields[column])?;
                }
            }
        }
        self.ids.push(id);
        let mut fields = kind.fields.iter().zip(&self.said[start..]);
        fields.all(|(field, said)| *said || !field.required).then_some(())
    }

    /// The kind of the fact that a text begins with.
    fn kind_ahead(&self, data: &[u8]) -> Option<usize> {
        let mut ahead = Jiter::new(data);
        let mut is_kind = ahead.next_object().ok()?? == "kind";
        while !is_kind {
            ahead.next_skip().ok()?;
            is_kind = ahead.next_key().ok()?? == "kind";
        }
        self.program.kind_of.get(ahead.next_str().ok()?).copied()
    }

    /// A new fact, with the defaults of its kind; the place of its values.
    fn add(&mut self, number: usize) -> usize {
        let start = self.values.len();
        self.kinds.push(number);
        self.offsets.push(start);
        self.values.extend(self.program.kinds[number].fields.iter().map(|field| field.default));
        self.said.resize(self.values.len(), false);
        start
    }

    /// The number of a text, whether it is a word of the program or not.
    pub fn own(&self, text: &str) -> u32 {
        self.program.word_of.get(text).copied().unwrap_or_else(|| {
            self.texts.push(text.to_string());
            (self.program.words.len() + self.texts.len() - 1) as u32
        })
    }

    /// The fact that a rule derives; `Err`: there is an equal one already.
    pub fn derive(&mut self, number: usize, values: &[Value]) -> Result<usize, usize> {
        if !self.program.kinds[number].each {
            let equal =
                |&&fact: &&usize| values.iter().enumerate().all(|(column, value)| self.same(self.value(fact, column), *value));
            if let Some(&fact) = self.of_kind[number].iter().find(equal) {
                return Err(fact);
            }
        }
        let start = self.add(number);
        self.values[start..].copy_from_slice(values);
        self.ids.push(NO_ID);
        if self.of_kind[number].is_empty() {
            self.present.push(number);
        }
        self.of_kind[number].push(self.kinds.len() - 1);
        Ok(self.kinds.len() - 1)
    }

    fn read_value(&mut self, json: &mut Jiter, field: &Field) -> Option<Value> {
        match field.form {
            Form::Boolean => json.next_bool().ok().map(Value::Truth),
            Form::Integer => {
                let number = match json.next_number().ok()? {
                    NumberAny::Int(NumberInt::Int(whole)) => exact(whole)?,
                    NumberAny::Float(number) => Some(number).filter(|number| number.fract() == 0.0)?,
                };
                within(field, number).then_some(Value::Whole(number as i64))
            }
            Form::Number => {
                let number = match json.next_number().ok()? {
                    NumberAny::Int(NumberInt::Int(whole)) => exact(whole)?,
                    NumberAny::Float(number) => number,
                };
                within(field, number).then_some(Value::Number(number + 0.0)) // -0.0 is 0.0
            }
            Form::Text => {
                let text = json.next_str().ok().filter(|text| text.chars().count() <= MAX_TEXT)?;
                Some(Value::Word(self.own(text)))
            }
            Form::Enum => self.choice(json.next_str().ok()?, field).map(Value::Word),
            Form::Set => {
                let mut set = vec![];
                let mut next = json.next_array().ok()?;
                while next.is_some() {
                    set.push(self.choice(json.next_str().ok()?, field)?);
                    next = json.array_step().ok()?;
                }
                set.sort_by_key(|&word| self.word(word));
                set.dedup();
                self.sets.push(set);
                Some(Value::Set((self.program.sets.len() + self.sets.len() - 1) as u32))
            }
        }
    }

    fn choice(&self, text: &str, field: &Field) -> Option<u32> {
        self.program.word_of.get(text).copied().filter(|word| field.words.contains(word))
    }

    // -- what the record does not say

    /// Assume settings, give ids, and put the facts of each kind in the order of their ids.
    fn complete(&mut self) -> Option<()> {
        for fact in 0..self.kinds.len() {
            self.of_kind[self.kinds[fact]].push(fact);
        }
        for &number in &self.program.assumed {
            if self.of_kind[number].is_empty() {
                self.add(number);
                self.ids.push(NO_ID);
                self.of_kind[number].push(self.kinds.len() - 1);
                self.assumed.push(number);
            }
        }
        let mut given: Vec<&str> = self.ids.iter().filter(|id| **id != NO_ID).map(|id| self.word(*id)).collect();
        given.sort_unstable();
        if given.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
        self.present = (0..self.of_kind.len()).filter(|&kind| !self.of_kind[kind].is_empty()).collect();
        for number in self.present.clone() {
            let mut rows = std::mem::take(&mut self.of_kind[number]);
            if rows.len() > 1 && self.program.kinds[number].role == Role::Setting {
                return None;
            }
            self.name(number, &rows);
            rows.sort_by(|a, b| self.word(self.ids[*a]).cmp(self.word(self.ids[*b])));
            self.of_kind[number] = rows;
        }
        Some(())
    }

    /// Give the facts of a kind without an id the first free ones, in the order of their values.
    fn name(&mut self, number: usize, rows: &[usize]) {
        let mut nameless: Vec<usize> = rows.iter().copied().filter(|&fact| self.ids[fact] == NO_ID).collect();
        if nameless.is_empty() {
            return;
        }
        nameless.sort_by(|&a, &b| self.by_values(a, b).then_with(|| self.names(a).cmp(&self.names(b))));
        let ids = self.free_ids(number, nameless.len());
        for (fact, id) in nameless.into_iter().zip(ids) {
            self.ids[fact] = id;
        }
    }

    /// The first free ids `<kind>-<n>`.
    pub fn free_ids(&self, number: usize, count: usize) -> Vec<u32> {
        let name = self.word(self.program.kinds[number].name);
        let taken: Vec<&str> =
            self.ids.iter().filter(|id| **id != NO_ID).map(|id| self.word(*id)).filter(|id| id.starts_with(name)).collect();
        let names = (1..).map(|n: usize| [name, "-", &n.to_string()].concat()).filter(|id| !taken.contains(&id.as_str()));
        names.take(count).map(|id| self.own(&id)).collect()
    }

    pub fn by_values(&self, a: usize, b: usize) -> Ordering {
        for column in 0..self.kind(a).fields.len() {
            let (x, y) = (self.value(a, column), self.value(b, column));
            let order = match (x, y) {
                (Value::Unknown, Value::Unknown) => Ordering::Equal,
                (Value::Unknown, _) => Ordering::Greater,
                (_, Value::Unknown) => Ordering::Less,
                _ => self.compare(x, y).unwrap_or(Ordering::Equal),
            };
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }

    /// The names of the fields that a fact states, sorted.
    fn names(&self, fact: usize) -> Vec<&str> {
        let fields = self.kind(fact).fields.iter().enumerate();
        let mut names: Vec<&str> =
            fields.filter(|(column, _)| self.says(fact, *column)).map(|(_, field)| field.name.as_str()).collect();
        names.push("kind");
        names.sort_unstable();
        names
    }
}

/// A name of a fact.
#[derive(Clone, Copy, PartialEq)]
enum Member {
    Kind,
    Id,
    Column(usize),
}

fn member(kind: &Kind, name: &str) -> Option<Member> {
    match name {
        "kind" => Some(Member::Kind),
        "id" => Some(Member::Id),
        _ => kind.columns.get(name).map(|column| Member::Column(*column)),
    }
}

/// A whole number as a float, where no other one is the same float.
fn exact(whole: i64) -> Option<f64> {
    (whole.unsigned_abs() <= 1 << 53).then_some(whole as f64)
}

fn within(field: &Field, number: f64) -> bool {
    field.low <= number && number <= field.high
}

pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MAX_ID
}
