"""One frozen row type for each table of the evidence. Units stand in the names; proportions lie between 0 and 1."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from .. import vocabulary as v
from ..issues import Issue
from .cells import CellError, Column, as_text, read_cell, write_cell

__all__ = [
    "RECORD_TYPES",
    "Characteristic",
    "Cohort",
    "Course",
    "Discrepancy",
    "Outcome",
    "Overlap",
    "Patient",
    "Record",
    "Source",
    "columns_of",
    "key_of",
    "parse_row",
    "write_row",
]

# Shorthands: they keep each column on one line, where its type, its vocabulary and its meaning are read together.
C = Column
Place = Annotated[str, C("text", "Section, table or sentence where it is printed, so that a stranger finds it.")]
Note = Annotated[str | None, C("text", "Anything else worth knowing.")]


@dataclass(frozen=True, slots=True)
class Source:
    """Where numbers were read: a document, a paper, an abstract, a review table, a news page."""

    source_id: Annotated[str, C("identifier", "Name of the source.")]
    kind: Annotated[str, C("word", "What sort of publication it is.", v.SOURCE_KIND)]
    citation: Annotated[str, C("text", "Authors, title, where and when.")]
    doi: Annotated[str | None, C("text", "Digital object identifier, without https://doi.org/.")]
    pmid: Annotated[int | None, C("integer", "PubMed identifier.", minimum=1)]
    published: Annotated[str | None, C("date", "Year, month or day of publication.")]
    licence: Annotated[str, C("word", "Licence of the text that was read.", v.LICENCE)]
    origin: Annotated[str, C("word", "How near to the patients it stands.", v.ORIGIN)]
    address: Annotated[str | None, C("text", "Address at which it was read; empty if it was not read.")]
    note: Note


@dataclass(frozen=True, slots=True)
class Cohort:
    """A group of people in a treatment phase."""

    cohort_id: Annotated[str, C("identifier", "Name of the cohort.")]
    source_id: Annotated[str, C("identifier", "The study's own report, read or not.", refers="sources")]
    label: Annotated[str, C("text", "Short name for tables and figures.")]
    parent_id: Annotated[str | None, C("identifier", "Cohort of which this is a subgroup.", refers="cohorts")]
    partition: Annotated[str | None, C("word", "By what the parent was divided.", v.PARTITION)]
    disease: Annotated[str, C("word", "Diagnosis.", v.DISEASE)]
    tumour: Annotated[str, C("word", "Group of diagnoses in which models pool it.", v.TUMOUR)]
    setting: Annotated[str, C("word", "Extent of disease.", v.SETTING)]
    line: Annotated[str, C("word", "Line of systemic treatment.", v.LINE)]
    treatment: Annotated[str, C("words", "Drugs given in this phase, joined with ' + '.", v.AGENT)]
    drug_class: Annotated[str, C("word", "Class of the immunotherapy.", v.DRUG_CLASS)]
    chemotherapy: Annotated[bool | None, C("boolean", "Whether chemotherapy was part of it; empty if mixed.")]
    radiotherapy: Annotated[str, C("word", "Radiotherapy in this phase.", v.RADIOTHERAPY)]
    design: Annotated[str, C("word", "Design of the study.", v.DESIGN)]
    ascertainment: Annotated[str, C("word", "How patients came to be in it.", v.ASCERTAINMENT)]
    selected_on: Annotated[str | None, C("words", "Endpoints on which it was selected.", v.ENDPOINT)]
    centre: Annotated[str | None, C("text", "Hospitals or network.")]
    enrolled_from: Annotated[str | None, C("date", "First enrolment.")]
    enrolled_to: Annotated[str | None, C("date", "Last enrolment.")]
    total: Annotated[int | None, C("integer", "People in it.", minimum=1)]
    followup_median_months: Annotated[float | None, C("number", "Median follow-up.", minimum=0)]
    followup_min_months: Annotated[float | None, C("number", "Shortest follow-up.", minimum=0)]
    followup_max_months: Annotated[float | None, C("number", "Longest follow-up.", minimum=0)]
    followup_basis: Annotated[str | None, C("word", "Whose follow-up the median is.", v.FOLLOWUP_BASIS)]
    clock: Annotated[str, C("word", "Where time starts.", v.CLOCK)]
    locator: Place
    note: Note


@dataclass(frozen=True, slots=True)
class Patient:
    """One person and the covariates printed for them; what happened to them stands in courses and outcomes."""

    patient_id: Annotated[str, C("identifier", "Name of the patient.")]
    cohort_id: Annotated[str, C("identifier", "A cohort to which they belong.", refers="cohorts")]
    age_years: Annotated[float | None, C("number", "Age.", minimum=0, maximum=120)]
    sex: Annotated[str | None, C("word", "Sex.", v.SEX)]
    ecog: Annotated[int | None, C("integer", "ECOG performance status.", minimum=0, maximum=5)]
    t_stage: Annotated[str | None, C("word", "T category.", v.T_STAGE)]
    n_stage: Annotated[str | None, C("word", "N category.", v.N_STAGE)]
    m_stage: Annotated[str | None, C("word", "M category.", v.M_STAGE)]
    recurrence: Annotated[str | None, C("word", "Recurrence above the clavicles.", v.RECURRENCE)]
    metastatic_sites: Annotated[str | None, C("words", "Sites of metastasis, joined with ' + '.", v.SITE)]
    oligometastatic: Annotated[bool | None, C("boolean", "Whether called oligometastatic.")]
    prior_lines: Annotated[int | None, C("integer", "Previous lines of systemic treatment.", minimum=0, maximum=20)]
    prior_lines_printed: Annotated[str | None, C("text", "Previous treatment, as printed.")]
    drug: Annotated[str | None, C("words", "Drugs given first.", v.AGENT)]
    drug_cycles: Annotated[int | None, C("integer", "Cycles of immunotherapy.", minimum=0, maximum=200)]
    radiotherapy_dose_gy: Annotated[float | None, C("number", "Total dose.", minimum=0, maximum=120)]
    radiotherapy_fractions: Annotated[int | None, C("integer", "Fractions.", minimum=1, maximum=60)]
    radiotherapy_target: Annotated[str | None, C("word", "Which lesions.", v.RADIOTHERAPY_TARGET)]
    pdl1_cps: Annotated[float | None, C("number", "PD-L1 combined positive score.", minimum=0, maximum=100)]
    pdl1_tumour_proportion: Annotated[float | None, C("number", "PD-L1 tumour proportion.", minimum=0, maximum=1)]
    ebv_dna_copies_per_ml: Annotated[float | None, C("number", "Epstein-Barr virus DNA before treatment.", minimum=0)]
    ldh_units_per_l: Annotated[float | None, C("number", "Lactate dehydrogenase before treatment.", minimum=0)]
    haemoglobin_g_per_l: Annotated[float | None, C("number", "Haemoglobin.", minimum=0, maximum=300)]
    platelets_1e9_per_l: Annotated[float | None, C("number", "Platelets.", minimum=0, maximum=5000)]
    locator: Place
    note: Note


@dataclass(frozen=True, slots=True)
class Course:
    """One event or one treatment in a patient's course, on the clock of the patient's cohort."""

    patient_id: Annotated[str, C("identifier", "Whose course.", refers="patients")]
    start_months: Annotated[float | None, C("number", "When it began or happened.", minimum=0)]
    end_months: Annotated[float | None, C("number", "When it ended; empty for an event.", minimum=0)]
    event: Annotated[str, C("word", "Event or treatment.", v.COURSE_EVENT)]
    detail: Annotated[str, C("text", "Drugs, doses, sites, as printed.")]
    locator: Place


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One cell of a baseline table."""

    cohort_id: Annotated[str, C("identifier", "Whose baseline.", refers="cohorts")]
    variable: Annotated[str, C("word", "What is described.", v.VARIABLE)]
    category: Annotated[str, C("text", "Level of the variable as printed, or median, p_value and the like.")]
    count: Annotated[int | None, C("integer", "People at this level.", minimum=0)]
    total: Annotated[int | None, C("integer", "People with the variable known.", minimum=1)]
    printed: Annotated[str, C("text", "The cell as printed.")]
    locator: Place


@dataclass(frozen=True, slots=True)
class Outcome:
    """One reported number."""

    outcome_id: Annotated[str, C("identifier", "Name of the number.")]
    cohort_id: Annotated[str, C("identifier", "Whom it is about.", refers="cohorts")]
    patient_id: Annotated[str | None, C("identifier", "The patient, if it is about one.", refers="patients")]
    comparator_id: Annotated[str | None, C("identifier", "Ratios are cohort over comparator.", refers="cohorts")]
    endpoint: Annotated[str, C("word", "What was observed.", v.ENDPOINT)]
    category: Annotated[str | None, C("word", "Part of the endpoint counted; empty for all of it.", v.CATEGORY)]
    criteria: Annotated[str, C("words", "How it was judged or fitted, joined with ' + '.", v.CRITERION)]
    denominator: Annotated[str | None, C("word", "Who is in the total.", v.DENOMINATOR)]
    measure: Annotated[str, C("word", "What was printed.", v.MEASURE)]
    time_months: Annotated[float | None, C("number", "Time of the number on the cohort's clock.", minimum=0)]
    events: Annotated[int | None, C("integer", "People with the event.", minimum=0)]
    total: Annotated[int | None, C("integer", "People who could have had it.", minimum=1)]
    value: Annotated[float | None, C("number", "The number, in the unit of its measure.")]
    lower: Annotated[float | None, C("number", "Lower limit, in the same unit.")]
    upper: Annotated[float | None, C("number", "Upper limit, in the same unit.")]
    level: Annotated[float | None, C("number", "Level of the interval.", minimum=0, maximum=1)]
    at_risk: Annotated[int | None, C("integer", "People at risk at that time.", minimum=0)]
    median_rule: Annotated[str | None, C("word", "Which time is called the median for even n.", v.MEDIAN_RULE)]
    printed: Annotated[str, C("text", "The number as printed.")]
    derivation: Annotated[str | None, C("text", "What was computed, and how.")]
    source_id: Annotated[str, C("identifier", "Where it was read.", refers="sources")]
    locator: Place
    checked_by: Annotated[str | None, C("text", "Who read it a second time and agreed.")]
    note: Note


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two cohorts that share people, or may. Subgroups and their parents overlap without being listed here."""

    cohort_a: Annotated[str, C("identifier", "One cohort.", refers="cohorts")]
    cohort_b: Annotated[str, C("identifier", "The other.", refers="cohorts")]
    relation: Annotated[str, C("word", "How the people of the two relate.", v.RELATION)]
    shared: Annotated[int | None, C("integer", "People in both, if known.", minimum=1)]
    basis: Annotated[str, C("text", "Why this is said.")]
    source_id: Annotated[str | None, C("identifier", "Where it is said.", refers="sources")]
    locator: Annotated[str | None, C("text", "Place in that source.")]


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A contradiction: one field of one row, the value used, and the other value that has a claim."""

    discrepancy_id: Annotated[str, C("identifier", "Name of the contradiction.")]
    table: Annotated[str, C("word", "Table of the row.", v.TABLE)]
    row_id: Annotated[str, C("text", "Key of the row; keys of several columns are joined with /.")]
    field: Annotated[str, C("text", "Column in doubt.")]
    used: Annotated[str | None, C("text", "What stands in the cell.")]
    other: Annotated[str | None, C("text", "What has a claim to stand there.")]
    other_locator: Annotated[str, C("text", "Where the other value is printed, or why it is claimed.")]
    reason: Annotated[str, C("text", "Why the one is used and not the other.")]


Record = Source | Cohort | Patient | Course | Characteristic | Outcome | Overlap | Discrepancy

RECORD_TYPES: Final[dict[str, type[Record]]] = {
    "sources": Source,
    "cohorts": Cohort,
    "patients": Patient,
    "courses": Course,
    "characteristics": Characteristic,
    "outcomes": Outcome,
    "overlaps": Overlap,
    "discrepancies": Discrepancy,
}

#: Columns that name a row. Courses may have no time, so that nothing shorter names one.
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "sources": ("source_id",),
    "cohorts": ("cohort_id",),
    "patients": ("patient_id",),
    "courses": ("patient_id", "start_months", "event", "detail"),
    "characteristics": ("cohort_id", "variable", "category"),
    "outcomes": ("outcome_id",),
    "overlaps": ("cohort_a", "cohort_b"),
    "discrepancies": ("discrepancy_id",),
}


def _read_columns(record_type: type[Record]) -> dict[str, tuple[Column, bool]]:
    hints = typing.get_type_hints(record_type, include_extras=True)
    columns: dict[str, tuple[Column, bool]] = {}
    for field in dataclasses.fields(record_type):
        inner, column = typing.get_args(hints[field.name])
        optional = isinstance(inner, types.UnionType) and type(None) in typing.get_args(inner)
        columns[field.name] = (column, not optional)
    return columns


_COLUMNS: Final = {table: _read_columns(record_type) for table, record_type in RECORD_TYPES.items()}


def columns_of(table: str) -> Mapping[str, tuple[Column, bool]]:
    """Columns of a table in their order, each with whether a cell of it must be filled.

    Examples
    --------
    >>> columns_of("overlaps")["relation"][0].words
    ('same_people', 'a_within_b', 'some_shared', 'suspected')
    """
    return _COLUMNS[table]


def parse_row(table: str, cells: Mapping[str, Any], where: str) -> tuple[Record | None, list[Issue]]:
    """Read one row of a table.

    Parameters
    ----------
    table : str
        Name of the table.
    cells : mapping of str to object
        The row: text from a file, or anything that `tinycohort.records.cells.as_text` writes as text.
    where : str
        File and row, for messages.

    Returns
    -------
    record : Record or None
        None if a cell could not be read.
    issues : list of Issue
        One for each cell that could not.
    """
    values: dict[str, Any] = {}
    issues: list[Issue] = []
    for name, (column, required) in _COLUMNS[table].items():
        try:
            value = read_cell(as_text(cells.get(name)), column, required)
        except CellError as error:
            issues.append(Issue(f"{where}, {name}", error.what, error.mend))
        else:
            # Text that may be missing is None when it is, so that one test serves for every optional column.
            values[name] = value if required or value != "" else None
    return (None if issues else RECORD_TYPES[table](**values)), issues


def write_row(record: Record) -> dict[str, str]:
    """Write a record as the cells of its row.

    Examples
    --------
    >>> write_row(Overlap("a", "b", "suspected", None, "Same centre and years.", None, None))["relation"]
    'suspected'
    """
    return {field.name: write_cell(getattr(record, field.name)) for field in dataclasses.fields(record)}


def key_of(table: str, record: Record) -> str:
    """Key of a row, as discrepancies name it.

    Examples
    --------
    >>> key_of("characteristics", Characteristic("a", "sex", "female", 1, 8, "1 (12.5)", "Table 1"))
    'a/sex/female'
    """
    return "/".join(write_cell(getattr(record, name)) for name in KEYS[table])
