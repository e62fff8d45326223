//! Causes and matrix as one JSON object.

use super::causes::{Cause, Causes};
use super::matrix::{Cell, Matrix};
use super::read::Unread;
use serde_json::{Value, json};

/// One object: the units, the checks, the causes with the cells that each explains, and what could not be read.
///
/// `matrix` has a row per unit: for each check `null` (not checked), `true` (passed) or the code of its failure.
#[must_use]
pub fn json(matrix: &Matrix, causes: &Causes, unread: &[Unread]) -> Value {
    let rows = (0..matrix.units.len()).map(|unit| {
        let of_cell = |check| match matrix.cell(unit, check) {
            Cell::Absent => Value::Null,
            Cell::Passed(_) => Value::Bool(true),
            Cell::Failed(failed) => Value::from(failed.code.as_str()),
        };
        (0..matrix.checks.len()).map(of_cell).collect::<Vec<_>>()
    });
    json!({
        "schema": "conn-check-merge/1",
        "version": env!("CARGO_PKG_VERSION"),
        "verdict": if causes.all.is_empty() { "pass" } else { "fail" },
        "units": matrix.units.iter().map(|unit| json!({"name": unit.name, "refused": unit.refused})).collect::<Vec<_>>(),
        "checks": matrix.checks.iter().map(|check| json!({"series": check.series, "type": check.kind, "target": check.target})).collect::<Vec<_>>(),
        "causes": causes.all.iter().enumerate().map(|(number, cause)| one(matrix, number, cause)).collect::<Vec<_>>(),
        "matrix": rows.collect::<Vec<_>>(),
        "unread": unread.iter().map(|unread| json!({"place": unread.place, "why": unread.why})).collect::<Vec<_>>(),
    })
}

fn one(matrix: &Matrix, number: usize, cause: &Cause) -> Value {
    let units = cause.units.iter().map(|unit| matrix.units[*unit].name.as_str());
    let checks = cause.checks.iter().map(|check| matrix.checks[*check].series.as_str());
    let cells = cause.cells.iter().map(|(unit, check)| json!([matrix.units[*unit].name, matrix.checks[*check].series]));
    json!({
        "id": number + 1,
        "code": cause.code,
        "owner": cause.owner,
        "what": cause.what(matrix),
        "whose": cause.whose(),
        "next_step": cause.next_step(matrix),
        "units": units.collect::<Vec<_>>(),
        "checks": checks.collect::<Vec<_>>(),
        "cells": cells.collect::<Vec<_>>(),
        "passing_cells": cause.against,
    })
}
