"""Every closed vocabulary of the evidence, written once.

A word that is not here is an error in a table and in a model's `where`. Words are lower case, in the field's terms.
`unstated` means that what was read does not say; it is not the same as an empty cell, which means "does not apply".
"""

from __future__ import annotations

# --- sources -----------------------------------------------------------------------------------------------------

SOURCE_KIND = (
    "article",
    "review",
    "systematic_review",
    "commentary",
    "conference_abstract",
    "news",
    "press_release",
    "registry",
    "dataset",
    "unstated",
)

#: Where a number was read: in one of the five documents about its own patients, in one of them about somebody else's
#: study, in the study's own abstract or paper, or in a review table, commentary, news page or press release.
ORIGIN = ("document", "cited", "primary", "secondary")

LICENCE = ("cc_by", "cc_by_nc", "cc_by_nc_nd", "cc_by_sa", "cc0", "restricted", "unstated")

# --- cohorts -----------------------------------------------------------------------------------------------------

#: Each diagnosis with the group of tumours in which models pool it.
TUMOUR_OF_DISEASE = {
    "nasopharyngeal_carcinoma": "nasopharyngeal",
    "head_and_neck_squamous_cell_carcinoma": "head_and_neck",
    "thyroid_carcinoma": "head_and_neck",
    "salivary_carcinoma": "head_and_neck",
    "non_small_cell_lung_cancer": "nsclc",
    "small_cell_lung_cancer": "sclc",
    "melanoma": "melanoma",
    "merkel_cell_carcinoma": "merkel_cell",
    "renal_cell_carcinoma": "renal",
    "urothelial_carcinoma": "urothelial",
    "prostate_carcinoma": "prostate",
    "breast_carcinoma": "breast",
    "hepatocellular_carcinoma": "hepatobiliary",
    "biliary_carcinoma": "hepatobiliary",
    "oesophageal_carcinoma": "oesophagogastric",
    "gastric_carcinoma": "oesophagogastric",
    "pancreatic_carcinoma": "pancreatic",
    "colorectal_carcinoma": "colorectal",
    "cervical_carcinoma": "gynaecological",
    "endometrial_carcinoma": "gynaecological",
    "ovarian_carcinoma": "gynaecological",
    "thymic_tumour": "thymic",
    "mesothelioma": "mesothelioma",
    "sarcoma": "sarcoma",
    "glioma": "glioma",
    "neuroendocrine_tumour": "neuroendocrine",
    "lymphoma": "lymphoma",
    "solid_tumours": "mixed",
    "other": "other",
}
DISEASE = tuple(TUMOUR_OF_DISEASE)
TUMOUR = tuple(dict.fromkeys(TUMOUR_OF_DISEASE.values()))

SETTING = (
    "early",
    "locally_advanced",
    "advanced",
    "recurrent",
    "recurrent_metastatic",
    "metastatic",
    "oligometastatic",
    "de_novo_metastatic",
    "de_novo_oligometastatic",
    "mixed",
    "unstated",
)

LINE = ("first", "pretreated", "consolidation", "mixed", "unstated")

#: Each agent with its class. `anti_pd1_various` and its like stand for a choice among several drugs of one class.
CLASS_OF_AGENT = {
    "camrelizumab": "anti_pd1",
    "cemiplimab": "anti_pd1",
    "dostarlimab": "anti_pd1",
    "nivolumab": "anti_pd1",
    "pembrolizumab": "anti_pd1",
    "penpulimab": "anti_pd1",
    "serplulimab": "anti_pd1",
    "sintilimab": "anti_pd1",
    "spartalizumab": "anti_pd1",
    "tislelizumab": "anti_pd1",
    "toripalimab": "anti_pd1",
    "zimberelimab": "anti_pd1",
    "anti_pd1_various": "anti_pd1",
    "atezolizumab": "anti_pdl1",
    "avelumab": "anti_pdl1",
    "durvalumab": "anti_pdl1",
    "sugemalimab": "anti_pdl1",
    "tagitanlimab": "anti_pdl1",
    "anti_pdl1_various": "anti_pdl1",
    "ipilimumab": "anti_ctla4",
    "tremelimumab": "anti_ctla4",
    "anti_ctla4_various": "anti_ctla4",
    "checkpoint_inhibitor_various": "checkpoint_mixed",
    "gm_csf": "cytokine",
    "interleukin_2": "cytokine",
    "anlotinib": "targeted",
    "apatinib": "targeted",
    "bevacizumab": "targeted",
    "cetuximab": "targeted",
    "nimotuzumab": "targeted",
    "targeted_various": "targeted",
    "hormonal_various": "hormonal",
    "capecitabine": "chemotherapy",
    "carboplatin": "chemotherapy",
    "cisplatin": "chemotherapy",
    "docetaxel": "chemotherapy",
    "fluorouracil": "chemotherapy",
    "gemcitabine": "chemotherapy",
    "nab_paclitaxel": "chemotherapy",
    "paclitaxel": "chemotherapy",
    "platinum_various": "chemotherapy",
    "s_1": "chemotherapy",
    "chemotherapy_various": "chemotherapy",
    "placebo": "none",
    "no_drug": "none",
    "other_drug": "other",
}
AGENT = tuple(CLASS_OF_AGENT)

#: The class of the immunotherapy. `none` where there is none, whatever chemotherapy there is beside it;
#: `dual_checkpoint` for two classes given together, `checkpoint_mixed` where patients differ in class.
DRUG_CLASS = (
    "anti_pd1",
    "anti_pdl1",
    "anti_ctla4",
    "dual_checkpoint",
    "checkpoint_mixed",
    "cytokine",
    "other",
    "none",
)
CHECKPOINT_CLASSES = ("anti_pd1", "anti_pdl1", "anti_ctla4")

#: `mixed`: everyone irradiated, by more than one technique. `some_patients`: only some were. `prior`: before the drug.
#: `unspecified`: given, technique not said. `unstated`: not said whether given.
RADIOTHERAPY = (
    "none",
    "sbrt",
    "hypofractionated",
    "conventional",
    "locoregional",
    "palliative",
    "low_dose",
    "mixed",
    "unspecified",
    "some_patients",
    "prior",
    "unstated",
)

DESIGN = (
    "case_report",
    "case_series",
    "retrospective_cohort",
    "prospective_single_arm",
    "randomised",
    "pooled_analysis",
    "systematic_review",
)

ASCERTAINMENT = ("consecutive", "selected", "unstated")

FOLLOWUP_BASIS = ("reverse_km", "survivors", "all", "unstated")

CLOCK = (
    "diagnosis",
    "metastasis",
    "enrolment",
    "randomisation",
    "first_dose",
    "radiotherapy_start",
    "radiotherapy_end",
    "local_therapy",
    "landmark",
    "response",
    "unstated",
)

#: By what a cohort was divided into the subgroup that the row describes.
PARTITION = (
    "arm",
    "treatment",
    "phase",
    "risk_group",
    "risk_group_and_treatment",
    "pdl1",
    "ebv_dna",
    "metastatic_burden",
    "prior_lines",
    "radiotherapy",
    "radiotherapy_technique",
    "response",
    "matching",
    "tumour",
    "evaluable",
    "per_protocol",
    "dose",
    "sex",
    "age",
    "centre",
    "other",
)

# --- patients, courses, characteristics --------------------------------------------------------------------------

SEX = ("female", "male")

T_STAGE = ("tx", "t0", "t1", "t2", "t3", "t4")
N_STAGE = ("nx", "n0", "n1", "n2", "n3")
M_STAGE = ("mx", "m0", "m1")

RECURRENCE = ("none", "local", "regional", "locoregional")

SITE = (
    "nasopharynx",
    "neck_node",
    "distant_node",
    "liver",
    "lung",
    "bone",
    "brain",
    "adrenal",
    "soft_tissue",
    "skin",
    "pleura",
    "peritoneum",
    "other_site",
)

RADIOTHERAPY_TARGET = ("all_lesions", "main_lesions", "progressive_lesions", "single_lesion", "primary", "none")

COURSE_EVENT = (
    "diagnosis",
    "immunotherapy",
    "chemotherapy",
    "chemoimmunotherapy",
    "radiotherapy",
    "chemoradiotherapy",
    "targeted_therapy",
    "local_therapy",
    "no_treatment",
    "evaluation",
    "complete_response",
    "partial_response",
    "stable_disease",
    "progressive_disease",
    "new_lesion",
    "toxicity",
    "laboratory",
    "symptom",
    "last_followup",
    "death",
)
#: Those that happen at one time; the others may last.
COURSE_MOMENT = (
    "diagnosis",
    "evaluation",
    "complete_response",
    "partial_response",
    "stable_disease",
    "progressive_disease",
    "new_lesion",
    "laboratory",
    "last_followup",
    "death",
)

VARIABLE = (
    "patients",
    "age",
    "sex",
    "ecog",
    "t_stage",
    "n_stage",
    "stage",
    "histology",
    "ebv_dna",
    "lactate_dehydrogenase",
    "pdl1",
    "immunophenotype",
    "tumour",
    "disease_status",
    "multiple_organ_metastasis",
    "metastatic_lesions",
    "oligometastatic",
    "liver_metastases",
    "bone_metastases",
    "lung_metastases",
    "node_metastases",
    "prior_lines",
    "prior_therapy",
    "chemotherapy_cycles",
    "immunotherapy_cycles",
    "chemotherapy_regimen",
    "immunotherapy_agent",
    "radiotherapy",
    "radiotherapy_dose",
    "local_treatment_of_metastases",
    "local_treatment_kind",
    "risk_score",
)

#: Variables of which one person may be at several levels; of the others each person is at one.
SEVERAL_LEVELS = (
    "patients",
    "disease_status",
    "immunophenotype",
    "prior_lines",
    "prior_therapy",
    "radiotherapy",
    "radiotherapy_dose",
    "local_treatment_kind",
)

#: Categories of a characteristic that are statistics of it, not groups of people: their count stays empty.
STATISTIC = ("median", "mean", "minimum", "maximum", "p_value")

# --- outcomes ----------------------------------------------------------------------------------------------------

#: Endpoints that are shares of people (or lesions), endpoints in time, and quantities of one patient.
RESPONSE_ENDPOINT = (
    "objective_response",
    "irradiated_response",
    "unirradiated_response",
    "disease_control",
    "unirradiated_disease_control",
    "local_control",
)
TOXICITY_ENDPOINT = (
    "adverse_event",
    "adverse_event_grade3",
    "adverse_event_grade5",
    "treatment_related_event",
    "treatment_related_event_grade3",
    "immune_related_event",
    "immune_related_event_grade3",
    "dose_limiting_toxicity",
    "treatment_related_death",
)
TIME_ENDPOINT = (
    "overall_survival",
    "progression_free_survival",
    "event_free_survival",
    "local_recurrence_free_survival",
    "distant_metastasis_free_survival",
    "duration_of_response",
    "time_on_treatment",
)
QUANTITY_ENDPOINT = ("ebv_dna", "lactate_dehydrogenase", "haemoglobin", "platelets", "tumour_size", "standard_uptake")
ENDPOINT = RESPONSE_ENDPOINT + TOXICITY_ENDPOINT + TIME_ENDPOINT + QUANTITY_ENDPOINT

#: A row with an empty category is the endpoint itself; a category names the part of it that the row counts.
RESPONSE_CATEGORY = (
    "complete_response",
    "partial_response",
    "stable_disease",
    "progressive_disease",
    "response_or_stable",
    "not_evaluable",
    "not_applicable",
)
TOXICITY_CATEGORY = (
    "anaemia",
    "anorexia",
    "asthenia",
    "autoimmune_hepatitis",
    "colitis",
    "decreased_appetite",
    "dermatitis",
    "diarrhoea",
    "dry_mouth",
    "dyspnoea",
    "fatigue",
    "fever",
    "hypothyroidism",
    "infection",
    "leukopenia",
    "lymphopenia",
    "mucositis",
    "myalgia",
    "myelosuppression",
    "nausea",
    "neutropenia",
    "pneumonia",
    "pneumonitis",
    "pruritus",
    "pulmonary_toxicity",
    "rash",
    "thrombocytopenia",
    "vomiting",
)
PERFORMANCE_CATEGORY = ("c_index", "auc")
CATEGORY = RESPONSE_CATEGORY + TOXICITY_CATEGORY + PERFORMANCE_CATEGORY

#: How an outcome was judged or a ratio was fitted; several words may be joined with " + ".
CRITERION = (
    "recist_1_0",
    "recist_1_1",
    "irrecist",
    "irecist",
    "immune_related_criteria",
    "percist",
    "who_criteria",
    "ctcae_3",
    "ctcae_4",
    "ctcae_5",
    "investigator",
    "central_review",
    "confirmed",
    "first_evaluation",
    "best_response",
    "at_stated_time",
    "any_lesion",
    "all_lesions",
    "aggregate_of_lesions",
    "kaplan_meier",
    "interim",
    "updated",
    "univariable",
    "multivariable",
    "stratified",
    "propensity_matched",
    "inverse_probability_weighted",
    "landmark_analysis",
    "per_protocol",
    "intention_to_treat",
    "nomogram",
    "unstated",
)

#: Criteria by which only a response, only toxicity, or only a time is judged or fitted.
CRITERION_OF_RESPONSE = (
    "recist_1_0",
    "recist_1_1",
    "irrecist",
    "irecist",
    "immune_related_criteria",
    "percist",
    "who_criteria",
    "confirmed",
    "first_evaluation",
    "best_response",
    "any_lesion",
    "all_lesions",
    "aggregate_of_lesions",
)
CRITERION_OF_TOXICITY = ("ctcae_3", "ctcae_4", "ctcae_5")
CRITERION_OF_TIME = ("landmark_analysis", "nomogram")

#: Who is counted in `total`. Lesions and courses are not people: such rows never enter an incidence.
DENOMINATOR = (
    "enrolled",
    "randomised",
    "treated",
    "evaluable",
    "matched",
    "responders",
    "lesions",
    "courses",
    "unstated",
)
NOT_PEOPLE = ("lesions", "courses")

#: What was printed, never how it is modelled; `measures.py` says what each must contain.
MEASURE = (
    "count",
    "numerator",
    "percentage",
    "mean_of_rates",
    "range",
    "landmark",
    "number_at_risk",
    "median_time",
    "median_not_reached",
    "mean_time",
    "hazard_ratio",
    "odds_ratio",
    "risk_ratio",
    "risk_difference",
    "mean_difference",
    "p_value",
    "person_time",
    "event_rate",
    "ordered_time",
    "ordered_gap",
    "patient_time",
    "patient_response",
    "patient_value",
    "performance",
)
RATIO_MEASURES = ("hazard_ratio", "odds_ratio", "risk_ratio")
CONTRAST_MEASURES = (*RATIO_MEASURES, "risk_difference", "mean_difference", "p_value")
PATIENT_MEASURES = ("patient_time", "patient_response", "patient_value")
#: Points of one Kaplan-Meier curve: a cohort may print several, and they speak together.
CURVE_MEASURES = ("landmark", "number_at_risk", "median_time", "median_not_reached")
#: What is known of a cohort's ordered times: they speak together, and not beside a curve of the same people.
ORDERED_MEASURES = ("ordered_time", "ordered_gap")

MEDIAN_RULE = ("first", "midpoint", "unstated")

# --- overlaps and selection --------------------------------------------------------------------------------------

RELATION = ("same_people", "a_within_b", "some_shared", "suspected")
POLICY = ("keep_larger", "keep_both", "refuse")
LEVEL = ("cohort", "patient", "either")

TABLE = (
    "sources",
    "cohorts",
    "patients",
    "courses",
    "characteristics",
    "outcomes",
    "overlaps",
    "discrepancies",
)

#: Why an outcome of the endpoint asked for was left out. `other_` is followed by the column of `where` that refused it.
LEFT_OUT = (
    "excluded",
    "other_level",
    "other_",
    "origin",
    "measure",
    "not_people",
    "selected_on",
    "no_count",
    "incomplete",
    "subgroup",
    "overlap",
    "review",
)
