-- What a data engineer would write by hand: the latest result of each analyte per person, in one
-- unit, and twenty flags. No refusals, no ranges, no reasons: the bar to be held against.
COPY (
WITH results AS (
    SELECT
        subject.reference AS patient,
        code.coding[1].code AS loinc,
        status,
        effectiveDateTime::TIMESTAMPTZ AS taken,
        coalesce(issued, effectiveDateTime) AS issued,
        valueQuantity.value AS value,
        coalesce(valueQuantity.code, valueQuantity.unit) AS unit,
        valueQuantity.comparator AS comparator
    FROM read_json($files, format = 'newline_delimited', ignore_errors = true, columns = {
        status: 'VARCHAR',
        subject: 'STRUCT(reference VARCHAR)',
        code: 'STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[])',
        effectiveDateTime: 'VARCHAR',
        issued: 'VARCHAR',
        valueQuantity: 'STRUCT(value DOUBLE, unit VARCHAR, code VARCHAR, comparator VARCHAR)'
    })
),
named AS (
    SELECT patient, taken, issued, comparator,
        CASE loinc
            WHEN '2132-9' THEN 'b12' WHEN '14685-2' THEN 'b12' WHEN '13964-2' THEN 'mma'
            WHEN '13965-9' THEN 'hcy' WHEN '2284-8' THEN 'folate' WHEN '14732-2' THEN 'folate'
            WHEN '718-7' THEN 'hb' WHEN '4544-3' THEN 'hct' WHEN '789-8' THEN 'rbc'
            WHEN '787-2' THEN 'mcv' WHEN '785-6' THEN 'mch' WHEN '788-0' THEN 'rdw'
            WHEN '6690-2' THEN 'wbc' WHEN '777-3' THEN 'plt' WHEN '2160-0' THEN 'crea'
            WHEN '14682-9' THEN 'crea' WHEN '2951-2' THEN 'na' WHEN '2823-3' THEN 'k'
        END AS analyte,
        value * CASE
            WHEN loinc IN ('2132-9', '14685-2') AND unit = 'pmol/L' THEN 1.35537
            WHEN loinc = '13964-2' AND unit = 'umol/L' THEN 1000
            WHEN loinc IN ('2284-8', '14732-2') AND unit = 'nmol/L' THEN 0.4414
            WHEN loinc = '718-7' AND unit = 'g/L' THEN 0.1
            WHEN loinc = '4544-3' AND unit = 'L/L' THEN 100
            WHEN loinc IN ('2160-0', '14682-9') AND unit = 'mg/dL' THEN 88.4
            ELSE 1
        END AS value
    FROM results
    WHERE status IN ('final', 'amended', 'corrected') AND value IS NOT NULL
),
latest AS (
    SELECT patient, analyte,
        arg_max(value, (taken, issued)) AS value,
        arg_max(comparator, (taken, issued)) AS comparator
    FROM named WHERE analyte IS NOT NULL GROUP BY ALL
),
wide AS (
    PIVOT latest ON analyte IN ('b12', 'mma', 'hcy', 'folate', 'hb', 'hct', 'rbc', 'mcv', 'mch',
        'rdw', 'wbc', 'plt', 'crea', 'na', 'k') USING any_value(value) GROUP BY patient
)
SELECT *,
    b12 < 180 AS b12_low,
    b12 BETWEEN 180 AND 350 AS b12_grey,
    b12 > 350 AS b12_high,
    mma > 280 AS mma_raised,
    mma > 750 AS mma_very_raised,
    hcy > 15 AS hcy_raised,
    folate < 3 AS folate_low,
    hb < 12 AS anaemia,
    hb < 8 AS severe_anaemia,
    mcv > 100 AS macrocytosis,
    mcv < 80 AS microcytosis,
    rdw > 15 AS rdw_raised,
    wbc < 4 AS leukopenia,
    plt < 150 AS thrombocytopenia,
    plt < 50 AS severe_thrombocytopenia,
    crea > 120 AS creatinine_raised,
    k < 3.5 AS potassium_low,
    k > 6 AS potassium_high,
    na < 130 AS sodium_low,
    (b12 BETWEEN 180 AND 350) AND mma > 280 AS functional
FROM wide
) TO $out (FORMAT parquet);
