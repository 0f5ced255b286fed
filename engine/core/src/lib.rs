//! The hot path of misstep: the bytes of a record in, the bytes of its answer out. What is not plainly right is left to Python, which
//! has the words for it; so is what is right and seldom.
mod assembly;
mod drafting;
mod engine;
mod explain;
mod expressions;
mod facts;
mod json;
mod members;
mod memory;
mod numbers;
mod planning;
mod program;
mod records;
mod rows;
mod scoring;
mod speech;

use facts::{Facts, is_id};
use json::Json;
use memory::Memory;
use program::Program;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// An answer is put together from hundreds of small texts and lists, so the allocator matters.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One program, ready for records; safe from many threads. A record is JSON, as bytes or text, or its data: dictionaries and lists.
/// Each method gives None where Python has to answer.
#[pyclass(frozen)]
struct Core {
    program: Program,
    schema: i64,
    /// The ids of the rules, made once: they are in the rows of every record.
    rule_ids: Vec<Py<PyString>>,
}

#[pymethods]
impl Core {
    /// `program`: what `misstep.evaluate.export` gives, as JSON; `schema`: the version of the shape of answers. Raises ValueError
    /// for a form that is not known here.
    #[new]
    fn new(python: Python<'_>, program: &[u8], schema: i64) -> PyResult<Core> {
        let program = Program::load(program).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let rule_ids =
            program.rules.iter().map(|rule| PyString::new(python, &program.words[rule.id as usize]).unbind()).collect();
        Ok(Core { program, schema, rule_ids })
    }

    /// The whole answer, as JSON.
    fn assess<'py>(&self, python: Python<'py>, record: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.answer(python, record, |mut memory| {
            let plan = memory.make_plan();
            let answer = memory.assemble(&plan, self.schema).into_bytes();
            (!memory.is_left()).then_some(answer)
        })
    }

    /// The members of the whole answer, each as JSON, in their order.
    fn members<'py>(&self, python: Python<'py>, record: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let answer = self.concluded(python, record, |mut memory| {
            let plan = memory.make_plan();
            let answer = memory.assemble(&plan, self.schema);
            (!memory.is_left()).then_some(answer)
        })?;
        answer
            .map(|answer| PyTuple::new(python, answer.members().map(|value| PyBytes::new(python, value)).collect::<Vec<_>>()))
            .transpose()
    }

    /// The answer without reasons and texts, as JSON.
    fn outline<'py>(&self, python: Python<'py>, record: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.answer(python, record, |memory| {
            let plan = memory.make_plan();
            (!memory.is_left()).then(|| memory.outline(&plan, self.schema))
        })
    }

    /// The scores alone, as JSON.
    fn scores<'py>(&self, python: Python<'py>, record: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.answer(python, record, |memory| {
            let plan = memory.make_plan();
            (!memory.is_left()).then(|| memory.scores(&plan, self.schema))
        })
    }

    /// What the answer comes to, as `Outcome` of `misstep/analysis/trial_outcomes.py` names it.
    fn outcome<'py>(&self, python: Python<'py>, record: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let concluded = self.concluded(python, record, |memory| {
            let plan = memory.make_plan();
            (!memory.is_left()).then_some((memory, plan))
        })?;
        concluded.map(|(memory, plan)| memory.outcome(python, &plan)).transpose()
    }

    /// The rows of the tables of scores, as `RecordRows` of `misstep/batch/columns.py` names them. `id`: of a record that has none.
    #[pyo3(signature = (record, id, findings, actions, whole))]
    fn rows<'py>(
        &self,
        python: Python<'py>,
        record: &Bound<'py, PyAny>,
        id: Option<String>,
        findings: bool,
        actions: bool,
        whole: bool,
    ) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let Some(record) = Json::of_record(record) else { return Ok(None) };
        let run = || {
            let mut memory = self.conclude(&record, id)?;
            let plan = memory.make_plan();
            let answer = whole.then(|| memory.assemble(&plan, self.schema).into_bytes());
            (!memory.is_left()).then_some((memory, plan, answer))
        };
        let Some((memory, plan, answer)) = guarded(run)? else { return Ok(None) };
        let rows = (
            memory.facts.record_id.as_deref(),
            memory.scores_row(python, &plan)?,
            memory.fired().into_iter().map(|rule| self.rule_ids[rule].bind(python)).collect::<Vec<_>>(),
            memory.sums(python)?,
            findings.then(|| memory.finding_rows(python)).transpose()?,
            actions.then(|| memory.action_rows(python, &plan)).transpose()?,
            answer.map(|answer| PyBytes::new(python, &answer)),
        );
        rows.into_pyobject(python).map(Some)
    }
}

/// Run something; a panic, which is a fault of the core, becomes a RuntimeError.
fn guarded<T>(run: impl FnOnce() -> Option<T>) -> PyResult<Option<T>> {
    catch_unwind(AssertUnwindSafe(run))
        .map_err(|_| PyRuntimeError::new_err("a fault of the core; it is one that we would like to hear of"))
}

impl Core {
    /// What is made of the conclusions about a record, as bytes.
    fn answer<'p, 'py>(
        &'p self,
        python: Python<'py>,
        record: &Bound<'py, PyAny>,
        write: impl FnOnce(Memory<'p>) -> Option<Vec<u8>> + Send,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(self.concluded(python, record, write)?.map(|bytes| PyBytes::new(python, &bytes)))
    }

    /// What is made of the conclusions about a record, without the lock of Python.
    fn concluded<'p, T: Send>(
        &'p self,
        python: Python<'_>,
        record: &Bound<'_, PyAny>,
        write: impl FnOnce(Memory<'p>) -> Option<T> + Send,
    ) -> PyResult<Option<T>> {
        let Some(record) = Json::of_record(record) else { return Ok(None) };
        python.detach(|| guarded(|| self.conclude(&record, None).and_then(write)))
    }

    /// Run all rules on the facts of a record; `id`: of one that has none.
    fn conclude(&self, record: &[u8], id: Option<String>) -> Option<Memory<'_>> {
        let mut facts = Facts::read(&self.program, record)?;
        if facts.record_id.is_none() {
            if id.as_deref().is_some_and(|id| !is_id(id)) {
                return None;
            }
            facts.record_id = id;
        }
        let mut memory = Memory::new(&self.program, facts);
        let phases = &self.program.phases;
        memory.run(&phases.scoring);
        memory.score();
        memory.run(&phases.judging);
        memory.outlook = memory.worst_outlook();
        memory.run(&phases.advising);
        (!memory.is_left()).then_some(memory)
    }
}

#[pymodule]
fn misstep_core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(members::members, module)?)?;
    module.add_class::<Core>()
}
