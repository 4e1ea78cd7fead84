-- The same twenty flags as flags.sql, as a data engineer would write them for Spark: from_json over
-- lines of text, the latest result of each analyte per person, a pivot.
WITH parsed AS (
    SELECT from_json(value, 'status STRING, subject STRUCT<reference: STRING>,
        code STRUCT<coding: ARRAY<STRUCT<system: STRING, code: STRING>>>,
        effectiveDateTime STRING, issued STRING,
        valueQuantity STRUCT<value: DOUBLE, unit: STRING, code: STRING, comparator: STRING>') AS r
    FROM lines
),
results AS (
    SELECT
        r.subject.reference AS patient,
        r.code.coding[0].code AS loinc,
        r.status AS status,
        try_cast(r.effectiveDateTime AS TIMESTAMP) AS taken,
        coalesce(r.issued, r.effectiveDateTime) AS issued,
        r.valueQuantity.value AS value,
        coalesce(r.valueQuantity.code, r.valueQuantity.unit) AS unit
    FROM parsed
),
named AS (
    SELECT patient, taken, issued,
        CASE loinc
            WHEN '2132-9' THEN 'b12' WHEN '14685-2' THEN 'b12' WHEN '13964-2' THEN 'mma'
            WHEN '13965-9' THEN 'hcy' WHEN '2284-8' THEN 'folate' WHEN '14732-2' THEN 'folate'
            WHEN '718-7' THEN 'hb' WHEN '4544-3' THEN 'hct' WHEN '789-8' THEN 'rbc'
            WHEN '787-2' THEN 'mcv' WHEN '785-6' THEN 'mch' WHEN '788-0' THEN 'rdw'
            WHEN '6690-2' THEN 'wbc' WHEN '777-3' THEN 'plt' WHEN '2160-0' THEN 'crea'
            WHEN '14682-9' THEN 'crea' WHEN '2951-2' THEN 'na' WHEN '2823-3' THEN 'k'
        END AS analyte,
        value * CASE
            WHEN loinc IN ('2132-9', '14685-2') AND unit = 'pmol/L' THEN 1.35537D
            WHEN loinc = '13964-2' AND unit = 'umol/L' THEN 1000D
            WHEN loinc IN ('2284-8', '14732-2') AND unit = 'nmol/L' THEN 0.4414D
            WHEN loinc = '718-7' AND unit = 'g/L' THEN 0.1D
            WHEN loinc = '4544-3' AND unit = 'L/L' THEN 100D
            WHEN loinc IN ('2160-0', '14682-9') AND unit = 'mg/dL' THEN 88.4D
            ELSE 1D
        END AS value
    FROM results
    WHERE status IN ('final', 'amended', 'corrected') AND value IS NOT NULL
),
latest AS (
    SELECT patient, analyte, max_by(value, struct(taken, issued)) AS value
    FROM named WHERE analyte IS NOT NULL GROUP BY patient, analyte
),
wide AS (
    SELECT * FROM latest PIVOT (
        any_value(value) FOR analyte IN ('b12', 'mma', 'hcy', 'folate', 'hb', 'hct', 'rbc', 'mcv',
            'mch', 'rdw', 'wbc', 'plt', 'crea', 'na', 'k')
    )
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
