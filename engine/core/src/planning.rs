//! The plan of findings and recommendations, as `misstep/assessment/planning.py` makes it.
use crate::memory::{Firing, Memory};
use crate::program::{Action, Program, Reach};
use crate::scoring::{TOP, damage_in_tenths, damage_of, half_up};
use std::cmp::Ordering;

/// A firing that recommends or advises against an action, for these mistakes (none: for the record), due within hours.
#[derive(Clone)]
pub struct Advice {
    pub firing: Firing,
    pub targets: Vec<usize>,
    due_hours: f64,
}

/// A chosen action; `relief`: thousandths of severity by mistake.
#[derive(Clone)]
pub struct Choice {
    pub action: usize,
    own_relief: i64,
    pub relief: Vec<(usize, i64)>,
    pub advice: Vec<Advice>,
    pub channel: u32,
    pub occasion: u32,
    pub verdict: usize,
    pub damage_relieved: i64,
    pub due_hours: f64,
}

/// What is done on one occasion over one channel; infinite: at any time.
pub struct PlannedStep {
    pub occasion: u32,
    pub channel: u32,
    pub due_hours: f64,
    pub choices: Vec<Choice>,
}

pub struct Plan {
    pub steps: Vec<PlannedStep>,
    /// A word.
    pub verdict: u32,
    pub damage: i64,
    pub damage_after: i64,
}

/// The mistakes that an action is not for; `All`: it is for none, and not for the record.
#[derive(Clone)]
pub enum Barred {
    All,
    Some(Vec<usize>),
}

impl Barred {
    pub fn add(&mut self, targets: Option<&[usize]>) {
        match (&mut *self, targets) {
            (Barred::Some(known), Some(targets)) => known.extend(targets),
            _ => *self = Barred::All,
        }
    }

    pub fn has(&self, target: usize) -> bool {
        matches!(self, Barred::Some(known) if known.contains(&target))
    }

    pub fn is_all(&self) -> bool {
        matches!(self, Barred::All)
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Barred::Some(known) if known.is_empty())
    }
}

impl Choice {
    fn action<'p>(&self, program: &'p Program) -> &'p Action {
        &program.actions[self.action]
    }

    pub fn repairs(&self, program: &Program) -> bool {
        self.action(program).reach == Reach::Repairs && !self.relief.is_empty()
    }

    pub fn relieves(&self, target: usize) -> bool {
        self.relief.iter().any(|(own, _)| *own == target)
    }

    /// Leave out some mistakes; whether anything is left to do it for.
    fn drop(&mut self, targets: Option<&[usize]>) -> bool {
        let Some(targets) = targets else { return false };
        if self.relief.is_empty() {
            return true;
        }
        self.relief.retain(|(own, _)| !targets.contains(own));
        let left: Vec<usize> = self.relief.iter().map(|(own, _)| *own).collect();
        self.advice.retain(|advice| advice.is_for(&left));
        !self.relief.is_empty()
    }

    fn take_over(&mut self, other: &Choice, barred: &Barred) {
        let taken: Vec<usize> = other.relief.iter().map(|(own, _)| *own).filter(|target| !barred.has(*target)).collect();
        for &target in &taken {
            if !self.relieves(target) {
                self.relief.push((target, self.own_relief));
            }
        }
        self.advice.extend(other.advice.iter().filter(|advice| advice.is_for(&taken)).cloned());
    }

    /// How much it matters, 0 to 100, with one place.
    pub fn priority(&self, program: &Program) -> String {
        let part = 100.0 / program.scale.verdicts.len() as f64;
        format!("{:.1}", part * self.verdict as f64 + part * self.damage_relieved as f64 / 1000.0)
    }
}

impl Advice {
    fn is_for(&self, targets: &[usize]) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|target| targets.contains(target))
    }
}

impl PlannedStep {
    pub fn outward(&self, program: &Program) -> bool {
        self.choices.iter().any(|choice| choice.action(program).outward())
    }
}

impl Plan {
    pub fn choices(&self) -> impl Iterator<Item = &Choice> {
        self.steps.iter().flat_map(|step| &step.choices)
    }

    /// Whether a step deals with a mistake towards the other side.
    pub fn acts(&self, program: &Program) -> bool {
        self.choices().any(|choice| choice.repairs(program))
    }
}

/// The open channels, and the occasion of each; None: any is open.
type Ways = Option<Vec<(u32, u32)>>;

impl Memory<'_> {
    pub fn make_plan(&self) -> Plan {
        let (program, scale) = (self.program, &self.program.scale);
        let damage = self.damage();
        let ways = self.ways();
        let mut barred = vec![Barred::Some(vec![]); program.actions.len()];
        for veto in &self.vetoes {
            barred[veto.action].add((!veto.mistakes.is_empty()).then_some(&veto.mistakes));
        }
        let mut choices = self.choices(&barred, &ways);
        self.exclude(&mut choices, &mut barred);
        self.place(&mut choices, &ways);
        for choice in &mut choices {
            self.rate(choice, damage);
        }
        choices.sort_by(|a, b| self.order(a, b));
        let mut kept = self.one_of_a_group(choices, &barred, damage);
        kept.sort_by(|a, b| self.order(a, b));
        let kept = shorten(kept, scale.max_actions, program);
        let mut relief: Vec<(usize, i64)> = vec![];
        for (target, amount) in kept.iter().flat_map(|choice| &choice.relief) {
            match relief.iter_mut().find(|(known, _)| known == target) {
                Some((_, sum)) => *sum += amount,
                None => relief.push((*target, *amount)),
            }
        }
        let damage_after = self.damage_with(&relief, damage);
        let (steps, verdict) = self.decide(self.planned_steps(kept));
        Plan { steps, verdict, damage, damage_after }
    }

    // -- scores

    fn rate(&self, choice: &mut Choice, damage: i64) {
        choice.verdict = choice.relief.iter().map(|(target, _)| self.finding(*target).verdict).max().unwrap_or(0);
        choice.damage_relieved = damage - self.damage_with(&choice.relief, damage);
        choice.due_hours = choice.advice.iter().map(|advice| advice.due_hours).fold(f64::INFINITY, f64::min);
    }

    pub fn order(&self, a: &Choice, b: &Choice) -> Ordering {
        let by_weight =
            (b.verdict, b.damage_relieved).cmp(&(a.verdict, a.damage_relieved)).then(a.due_hours.total_cmp(&b.due_hours));
        by_weight.then_with(|| a.action(self.program).id.cmp(&b.action(self.program).id))
    }

    fn finding(&self, mistake: usize) -> &crate::scoring::Finding {
        &self.findings[self.finding_of[mistake].unwrap_or(0)]
    }

    /// Damage with so many thousandths of severity taken off the mistakes; together at most `max_relief` of each.
    fn damage_with(&self, relief: &[(usize, i64)], damage: i64) -> i64 {
        if relief.iter().all(|(_, amount)| *amount == 0) {
            return damage;
        }
        let left = |finding: &crate::scoring::Finding| {
            let amount = relief.iter().find(|(target, _)| *target == finding.fact).map_or(0, |(_, amount)| *amount);
            let most = half_up(finding.severity * self.program.scale.max_relief, 1000);
            if amount == 0 { finding.damage } else { damage_of(finding.severity - amount.min(most), finding.noticed) }
        };
        let damages: Vec<i64> = self.findings.iter().map(left).collect();
        let unharmed: f64 = damages.iter().map(|&damage| 1.0 - damage as f64 / TOP as f64).product();
        damage_in_tenths(unharmed).unwrap_or_else(|| self.total_damage(&damages))
    }

    // -- choices

    /// A choice for every action that is recommended, not vetoed, and has an open channel.
    fn choices(&self, barred: &[Barred], ways: &Ways) -> Vec<Choice> {
        let mut choices: Vec<Choice> = vec![];
        for each in &self.recommendations {
            let (action, barred) = (&self.program.actions[each.action], &barred[each.action]);
            let targets: Vec<usize> = each.mistakes.iter().copied().filter(|&target| !barred.has(target)).collect();
            if barred.is_all() || (!each.mistakes.is_empty() && targets.is_empty()) {
                continue;
            }
            let place = choices.iter().position(|choice| choice.action == each.action).unwrap_or(choices.len());
            if place == choices.len() {
                if channels(action, ways, self.program).is_empty() {
                    continue;
                }
                choices.push(Choice {
                    action: each.action,
                    own_relief: action.relief,
                    relief: vec![],
                    advice: vec![],
                    channel: 0,
                    occasion: 0,
                    verdict: 0,
                    damage_relieved: 0,
                    due_hours: 0.0,
                });
            }
            let choice = &mut choices[place];
            let own = each.relief.map_or(choice.own_relief, |relief| relief.max(0));
            for &target in &targets {
                match choice.relief.iter_mut().find(|(known, _)| *known == target) {
                    Some((_, most)) => *most = own.max(*most),
                    None => choice.relief.push((target, own)),
                }
            }
            let hours = each.due_hours.or(action.due_hours).map_or(f64::INFINITY, three_places);
            choice.advice.push(Advice { firing: each.firing, targets, due_hours: hours });
        }
        choices
    }

    /// Drop an action for the mistakes for which another one excludes it, and bar it from them.
    fn exclude(&self, choices: &mut Vec<Choice>, barred: &mut [Barred]) {
        let vetoed = barred.to_vec();
        let is_vetoed = |action: usize| self.vetoes.iter().any(|veto| veto.action == action);
        for &winner in &self.program.exclusions {
            let of_winner: Option<Vec<usize>> = choices
                .iter()
                .find(|choice| choice.action == winner)
                .map(|choice| choice.relief.iter().map(|(own, _)| *own).collect());
            for &loser in &self.program.actions[winner].excludes {
                let Some(place) = choices.iter().position(|choice| choice.action == loser) else {
                    continue;
                };
                let other = &mut choices[place];
                let mut left = true;
                if let Some(of_winner) = &of_winner {
                    let excluded = (!of_winner.is_empty()).then_some(of_winner.as_slice());
                    barred[loser].add(excluded);
                    left = other.drop(excluded);
                }
                if left && is_vetoed(winner) && !self.program.actions[winner].recommended {
                    let excluded = match &vetoed[winner] {
                        Barred::Some(of_veto) if !other.relief.is_empty() => Some(of_veto.as_slice()),
                        _ => None,
                    };
                    barred[loser].add(excluded);
                    left = other.drop(excluded);
                }
                if !left {
                    choices.remove(place);
                }
            }
        }
    }

    // -- channels

    fn ways(&self) -> Ways {
        let (kind, channel, occasion) = self.program.scale.ways?;
        let mut ways: Vec<(u32, u32)> = vec![];
        for &row in &self.facts.of_kind[kind] {
            let word = |column| self.facts.word_in(self.facts.value(row, column));
            let (channel, occasion) = (word(channel), word(occasion));
            match ways.iter_mut().find(|(known, _)| *known == channel) {
                Some((_, known)) if self.place_of(occasion) < self.place_of(*known) => *known = occasion,
                Some(_) => (),
                None => ways.push((channel, occasion)),
            }
        }
        Some(ways)
    }

    fn place_of(&self, occasion: u32) -> usize {
        let occasions = &self.program.scale.occasions;
        occasions.iter().find(|(known, _, _)| *known == occasion).map_or(occasions.len(), |(_, place, _)| *place)
    }

    /// Give every action a channel and an occasion.
    fn place(&self, choices: &mut [Choice], ways: &Ways) {
        let program = self.program;
        let leading: Vec<u32> = choices
            .iter()
            .map(|choice| choice.action(program))
            .filter(|action| action.leads)
            .flat_map(|action| action.channels.clone())
            .collect();
        let occasion_of = |channel: u32| ways.iter().flatten().find(|(open, _)| *open == channel).map(|(_, occasion)| *occasion);
        for choice in choices {
            let action = &program.actions[choice.action];
            let open = channels(action, ways, program);
            let rank = |channel: &&u32| {
                (!leading.contains(*channel), occasion_of(**channel).map_or(0, |occasion| self.place_of(occasion)))
            };
            choice.channel = *open.iter().min_by_key(rank).unwrap_or(&program.scale.empty);
            choice.occasion = if action.occasion == program.scale.empty {
                occasion_of(choice.channel).unwrap_or(program.scale.empty)
            } else {
                action.occasion
            };
        }
    }

    // -- which remain

    /// The first action of every group, one on a channel that another action leads with before others, for the mistakes of all.
    fn one_of_a_group(&self, mut choices: Vec<Choice>, barred: &[Barred], damage: i64) -> Vec<Choice> {
        let program = self.program;
        let leading: Vec<u32> =
            choices.iter().filter(|choice| choice.action(program).leads).map(|choice| choice.channel).collect();
        if !leading.is_empty() {
            choices.sort_by_key(|choice| !leading.contains(&choice.channel));
        }
        let mut kept: Vec<Choice> = vec![];
        let mut merged = vec![];
        for choice in choices {
            let group = choice.action(program).group;
            match kept.iter().position(|best| group != program.scale.empty && best.action(program).group == group) {
                None => kept.push(choice),
                Some(place) => {
                    let best = &mut kept[place];
                    best.take_over(&choice, &barred[best.action]);
                    merged.push(place);
                }
            }
        }
        for place in merged {
            self.rate(&mut kept[place], damage);
        }
        kept
    }

    // -- steps

    /// Actions by occasion and channel, each step in the order of its parts; steps by due time, then as occasions follow.
    fn planned_steps(&self, choices: Vec<Choice>) -> Vec<PlannedStep> {
        let mut steps: Vec<PlannedStep> = vec![];
        for choice in choices {
            match steps.iter_mut().find(|step| (step.occasion, step.channel) == (choice.occasion, choice.channel)) {
                Some(step) => step.choices.push(choice),
                None => steps.push(PlannedStep {
                    occasion: choice.occasion,
                    channel: choice.channel,
                    due_hours: 0.0,
                    choices: vec![choice],
                }),
            }
        }
        for step in &mut steps {
            let part = |choice: &Choice| choice.action(self.program).part;
            step.choices.sort_by(|a, b| part(a).cmp(&part(b)).then_with(|| self.order(a, b)));
            step.due_hours = step.choices.iter().map(|choice| choice.due_hours).fold(f64::INFINITY, f64::min);
        }
        let word = |word: u32| self.facts.word(word);
        steps.sort_by(|a, b| {
            let by_time = a.due_hours.total_cmp(&b.due_hours).then(self.place_of(a.occasion).cmp(&self.place_of(b.occasion)));
            by_time.then_with(|| (word(a.occasion), word(a.channel)).cmp(&(word(b.occasion), word(b.channel))))
        });
        steps
    }

    /// The steps and the verdict of the record, decided together.
    fn decide(&self, mut steps: Vec<PlannedStep>) -> (Vec<PlannedStep>, u32) {
        let scale = &self.program.scale;
        let rank = self.findings.first().map_or(0, |worst| worst.verdict);
        let Some(&(_, within)) = scale.act_within.iter().find(|(verdict, _)| *verdict == rank) else {
            return (steps, scale.verdicts[rank]);
        };
        let Some(first) = steps.iter().position(|step| step.outward(self.program)) else {
            return (steps, scale.unable);
        };
        if steps[first].due_hours > within {
            let mut sooner = steps.remove(first);
            sooner.due_hours = within;
            let before = steps[..first].iter().take_while(|step| step.due_hours <= within).count();
            steps.insert(before, sooner);
        }
        (steps, scale.verdicts[rank])
    }
}

/// The channels that an action may take; what nobody else hears of needs no open channel.
fn channels(action: &Action, ways: &Ways, program: &Program) -> Vec<u32> {
    match ways {
        Some(ways) if action.occasion == program.scale.empty || action.outward() => {
            let open = |channel: &u32| ways.iter().any(|(open, _)| open == channel);
            if action.channels.is_empty() {
                ways.iter().map(|(open, _)| *open).collect()
            } else {
                action.channels.iter().copied().filter(open).collect()
            }
        }
        _ if action.channels.is_empty() => vec![program.scale.empty],
        _ => action.channels.clone(),
    }
}

/// The actions that matter most, in their order.
fn shorten(choices: Vec<Choice>, most: usize, program: &Program) -> Vec<Choice> {
    if choices.len() <= most {
        return choices;
    }
    let mut first: Vec<usize> = vec![];
    let mut repaired: Vec<usize> = vec![];
    for (place, choice) in choices.iter().enumerate() {
        if choice.repairs(program) && choice.relief.iter().any(|(target, _)| !repaired.contains(target)) {
            repaired.extend(choice.relief.iter().map(|(target, _)| *target));
            first.push(place);
        }
    }
    if first.is_empty() {
        first.extend(choices.iter().position(|choice| choice.action(program).outward()));
    }
    let others: Vec<usize> = (0..choices.len()).filter(|place| !first.contains(place)).collect();
    let kept: Vec<usize> = first.into_iter().chain(others).take(most).collect();
    choices.into_iter().enumerate().filter(|(place, _)| kept.contains(place)).map(|(_, choice)| choice).collect()
}

/// Hours, rounded to three places, and not below 0.
fn three_places(hours: f64) -> f64 {
    if hours.fract() == 0.0 {
        return hours.max(0.0); // nearly always
    }
    format!("{hours:.3}").parse::<f64>().map_or(hours, |hours| hours.max(0.0))
}
