//! What the tables of scores say of one record, as objects of Python: see `misstep/batch/columns.py`.
use crate::memory::{Firing, Memory};
use crate::planning::Plan;
use crate::scoring::VERDICT;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

type Row<'py> = Bound<'py, PyTuple>;

/// Values of different types, as a tuple.
macro_rules! row {
    ($python:expr, $($value:expr),+ $(,)?) => {
        PyTuple::new($python, [$($value.into_bound_py_any($python)?),+])
    };
}

impl Memory<'_> {
    /// The values of `SCORES`.
    pub fn scores_row<'py>(&self, python: Python<'py>, plan: &Plan) -> PyResult<Row<'py>> {
        let (facts, scale) = (&self.facts, &self.program.scale);
        let first = plan.steps.iter().find(|step| step.choices.iter().any(|choice| choice.repairs(self.program)));
        let actions: Vec<&str> = plan.choices().map(|choice| self.program.actions[choice.action].id.as_str()).collect();
        let mut rules: Vec<usize> = self.reasons().map(|(_, firing)| firing.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        row!(
            python,
            plan.damage as f64 / 10.0,
            plan.damage_after as f64 / 10.0,
            facts.word(self.band()),
            facts.word(plan.verdict),
            facts.word(scale.outlooks[self.outlook]),
            plan.acts(self.program),
            first.and_then(|step| hours(step.due_hours)),
            self.findings.len(),
            self.findings.iter().filter(|finding| self.is_assumed(finding.fact)).count(),
            self.findings.first().map(|finding| facts.word(facts.kind(finding.fact).name)),
            self.findings.iter().map(|finding| finding.severity).max().map(|severity| severity as f64 / 1e3),
            plan.steps.first().map(|step| facts.word(step.occasion)),
            actions.first(),
            actions,
            rules.len(),
        )
    }

    /// Verdict, first step, damage before and after, band and findings.
    pub fn outcome<'py>(&self, python: Python<'py>, plan: &Plan) -> PyResult<Row<'py>> {
        let (facts, scale) = (&self.facts, &self.program.scale);
        let first = plan.steps.first().map_or(String::new(), |step| {
            format!("{} {}", facts.word(step.occasion), self.program.actions[step.choices[0].action].id)
        });
        let findings = self.findings.iter().map(|finding| {
            (
                self.id(finding.fact),
                finding.severity as f64 / 1e3,
                finding.noticed as f64 / 1e3,
                finding.urgency as f64 / 1e3,
                finding.damage as f64 / 1e3,
                facts.word(scale.verdicts[finding.verdict]),
            )
        });
        row!(
            python,
            facts.word(plan.verdict),
            first,
            plan.damage as f64 / 10.0,
            plan.damage_after as f64 / 10.0,
            facts.word(self.band()),
            findings.collect::<Vec<_>>(),
        )
    }

    /// The values of `FINDINGS` of every finding, worst first.
    pub fn finding_rows<'py>(&self, python: Python<'py>) -> PyResult<Vec<Row<'py>>> {
        let (facts, scale) = (&self.facts, &self.program.scale);
        let rows = self.findings.iter().enumerate().map(|(place, finding)| {
            row!(
                python,
                place + 1,
                self.id(finding.fact),
                facts.word(facts.kind(finding.fact).name),
                finding.severity as f64 / 1e3,
                facts.word(scale.severity.words[finding.severity_band]),
                finding.noticed as f64 / 1e3,
                facts.word(scale.noticed.words[finding.noticed_level]),
                finding.urgency as f64 / 1e3,
                facts.word(scale.urgency.words[finding.urgency_level]),
                finding.damage as f64 / 1e3,
                facts.word(scale.verdicts[finding.verdict]),
                self.is_assumed(finding.fact),
            )
        });
        rows.collect()
    }

    /// The values of `ACTIONS` of every action, in the order to do them.
    pub fn action_rows<'py>(&self, python: Python<'py>, plan: &Plan) -> PyResult<Vec<Row<'py>>> {
        let mut rows = vec![];
        for (place, step) in plan.steps.iter().enumerate() {
            for choice in &step.choices {
                let action = &self.program.actions[choice.action];
                let mut targets: Vec<&str> = choice.relief.iter().map(|(target, _)| self.id(*target)).collect();
                targets.sort_unstable();
                rows.push(row!(
                    python,
                    place + 1,
                    self.facts.word(step.occasion),
                    self.facts.word(step.channel),
                    action.id.as_str(),
                    action.reach.word(),
                    hours(step.due_hours),
                    choice.priority(self.program).parse::<f64>().unwrap_or(f64::NAN),
                    choice.damage_relieved as f64 / 10.0,
                    targets,
                )?);
            }
        }
        Ok(rows)
    }

    /// Kind, damage and severity of every finding, in thousandths.
    pub fn sums<'py>(&self, python: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let sums = self.findings.iter().map(|finding| {
            let kind = self.facts.word(self.facts.kind(finding.fact).name);
            (kind, finding.damage, finding.severity)
        });
        PyList::new(python, sums.collect::<Vec<_>>())
    }

    /// The rules that have fired, in their order.
    pub fn fired(&self) -> Vec<usize> {
        let contributed = self.contributions.iter().map(|each| each.firing);
        let recommended = self.recommendations.iter().map(|each| each.firing);
        let vetoed = self.vetoes.iter().map(|each| each.firing);
        let others = [&self.notes, &self.outlooks, &self.derivations];
        let others = others.into_iter().flatten().map(|(_, firing)| *firing);
        let firings = contributed.chain(recommended).chain(vetoed).chain(others);
        let mut rules: Vec<usize> = firings.map(|firing| firing.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// What moved the score of a mistake: an amount of 0 did not, but every word did.
    fn reasons(&self) -> impl Iterator<Item = (usize, Firing)> {
        let moved = self.contributions.iter().filter(|each| each.amount != 0 || each.dimension == VERDICT);
        moved.filter_map(|each| Some((each.mistake?, each.firing)))
    }

    /// Whether a score of a mistake rests on a default, for something that the record leaves out.
    fn is_assumed(&self, mistake: usize) -> bool {
        self.reasons().any(|(of, firing)| of == mistake && self.rests_on_default(firing))
    }
}

/// None: at any time.
fn hours(due: f64) -> Option<f64> {
    due.is_finite().then_some(due)
}
