"""The SQL of a comparison of two runs: the reports that differ, and the inputs that differ.

``before`` and ``after`` are the two runs. ``m`` is what beside the subject makes a report the same
one in both: the moment where there is one report per result, else nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "reports": {
        "subject": "VARCHAR",
        "as_of": "VARCHAR",
        "in_scope": "BOOLEAN",
        "urgency": "VARCHAR",
        "rules": "VARCHAR",
    },
    "statuses": {
        "subject": "VARCHAR",
        "as_of": "VARCHAR",
        "topic": "VARCHAR",
        "status": "VARCHAR",
        "possible": "VARCHAR[]",
        "urgency": "VARCHAR",
    },
    "notes": {
        "subject": "VARCHAR",
        "as_of": "VARCHAR",
        "rule": "VARCHAR",
        "urgency": "VARCHAR",
        "basis": "VARCHAR",
    },
    "inputs": {
        "subject": "VARCHAR",
        "as_of": "VARCHAR",
        "name": "VARCHAR",
        "kind": "VARCHAR",
        "role": "VARCHAR",
        "reason": "VARCHAR",
        "reported": "VARCHAR",
        "compared": "VARCHAR",
        "when": "VARCHAR",
        "status": "VARCHAR",
        "flags": "VARCHAR[]",
    },
    "refusals": {
        "subject": "VARCHAR",
        "name": "VARCHAR",
        "reason": "VARCHAR",
        "reported": "VARCHAR",
        "when": "VARCHAR",
    },
}
"""The columns of a dataset that are looked at, and their types; one that is not there is null."""

REPORTS = """
CREATE TEMP TABLE both_reports AS
SELECT subject, m,
    b.as_of AS before_of, a.as_of AS after_of,
    b.in_scope AS before_in, a.in_scope AS after_in,
    b.urgency AS before_urgency, a.urgency AS after_urgency,
    b.rules IS DISTINCT FROM a.rules AS other_rules
FROM (SELECT *, {m} AS m FROM before_reports) b
FULL JOIN (SELECT *, {m} AS m FROM after_reports) a USING (subject, m)
"""

TURNED = """
CREATE TEMP TABLE turned AS
WITH kept AS (
    SELECT * FROM both_reports WHERE before_of IS NOT NULL AND after_of IS NOT NULL
), statuses AS (
    SELECT subject, m, topic, b.code AS before, a.code AS after,
        b.urgency AS before_urgency, a.urgency AS after_urgency
    FROM (SELECT *, {m} AS m, {code} AS code FROM before_statuses) b
    FULL JOIN (SELECT *, {m} AS m, {code} AS code FROM after_statuses) a USING (subject, m, topic)
    WHERE b.code IS DISTINCT FROM a.code OR b.urgency IS DISTINCT FROM a.urgency
), notes AS (
    SELECT subject, m, rule, b.urgency AS before, a.urgency AS after,
        list_distinct(list_concat({named_before}, {named_after})) AS named
    FROM (SELECT *, {m} AS m FROM before_notes) b
    FULL JOIN (SELECT *, {m} AS m FROM after_notes) a USING (subject, m, rule)
    WHERE b.urgency IS DISTINCT FROM a.urgency
)
SELECT subject, m, 'appeared' AS what, '' AS name, NULL AS before, after_urgency AS after,
    CAST([] AS VARCHAR[]) AS named
FROM both_reports WHERE before_of IS NULL
UNION ALL
SELECT subject, m, 'disappeared', '', before_urgency, NULL, []
FROM both_reports WHERE after_of IS NULL
UNION ALL
SELECT subject, m, 'scope', '', {before_scope}, {after_scope}, []
FROM kept WHERE before_in IS DISTINCT FROM after_in
UNION ALL
SELECT subject, m, 'urgency', '', before_urgency, after_urgency, []
FROM kept WHERE before_urgency IS DISTINCT FROM after_urgency
UNION ALL
SELECT subject, m, 'status', topic, before, after, []
FROM statuses SEMI JOIN kept USING (subject, m) WHERE before IS DISTINCT FROM after
UNION ALL
SELECT subject, m, 'urgency', topic, before_urgency, after_urgency, []
FROM statuses SEMI JOIN kept USING (subject, m) WHERE before IS NOT DISTINCT FROM after
UNION ALL
SELECT subject, m, 'note', rule, before, after, named
FROM notes SEMI JOIN kept USING (subject, m)
"""

# One row per fact of a report: what was chosen, and what else stood beside it. A fact dated at the
# moment asked for (time on treatment) grows older with it.
_FACTS = """
    SELECT subject, m, name, true AS there,
        any_value(kind) FILTER (role = 'chosen') AS kind,
        any_value(reason) FILTER (role = 'chosen') AS reason,
        any_value(coalesce(compared, reported)) FILTER (role = 'chosen') AS value,
        any_value(reported) FILTER (role = 'chosen') AS reported,
        any_value("when") FILTER (role = 'chosen') AS moment,
        any_value(concat_ws(' ', status, list_aggregate(list_sort(flags), 'string_agg', ' ')))
            FILTER (role = 'chosen') AS state,
        coalesce(bool_or("when" = as_of) FILTER (role = 'chosen'), false) AS ages,
        list_sort(list(concat_ws(' ', role, coalesce(compared, reported), "when", status))
            FILTER (role <> 'chosen')) AS others
    FROM (SELECT *, {m} AS m FROM {side}_inputs) SEMI JOIN asked USING (subject, m)
    GROUP BY subject, m, name
"""

# Values that were not taken stand in no moment: a rule can ask that there are such.
_REFUSED = """
    SELECT subject, name FROM (
        SELECT subject, name, list_sort(list(concat_ws(' ', reason, reported, "when"))) AS found
        FROM before_refusals WHERE name IS NOT NULL GROUP BY subject, name
    ) b FULL JOIN (
        SELECT subject, name, list_sort(list(concat_ws(' ', reason, reported, "when"))) AS found
        FROM after_refusals WHERE name IS NOT NULL GROUP BY subject, name
    ) a USING (subject, name)
    WHERE b.found IS DISTINCT FROM a.found
"""

_OF_TIME = "('stale', 'future', 'date-imprecise')"

INPUTS = f"""
CREATE TEMP TABLE changed_inputs AS
WITH asked AS (
    SELECT DISTINCT subject, m FROM turned WHERE what NOT IN ('appeared', 'disappeared')
), b AS ({_FACTS.replace("{side}", "before")}), a AS ({_FACTS.replace("{side}", "after")}),
told AS (
    SELECT subject, m, name, CASE
        WHEN b.there IS NULL AND a.kind = 'absent' THEN 'new, absent (' || a.reason || ')'
        WHEN b.there IS NULL THEN 'new'
        WHEN a.there IS NULL THEN 'gone'
        WHEN a.kind = 'absent' AND (b.kind, b.reason) IS DISTINCT FROM (a.kind, a.reason)
            THEN 'absent (' || a.reason || ')'
        WHEN b.kind = 'absent' AND a.kind <> 'absent' THEN 'no longer absent (' || b.reason || ')'
        WHEN b.value IS DISTINCT FROM a.value THEN 'value'
        WHEN b.moment IS DISTINCT FROM a.moment THEN 'date'
        WHEN b.state IS DISTINCT FROM a.state THEN 'state'
        WHEN b.others IS DISTINCT FROM a.others THEN 'others beside it' END AS how,
        b.there AND a.there AND ((b.ages AND a.ages) OR (
            ((a.kind = 'absent' AND a.reason IN {_OF_TIME})
                OR (b.kind = 'absent' AND b.reason IN {_OF_TIME}))
            AND b.reported IS NOT DISTINCT FROM a.reported
            AND b.moment IS NOT DISTINCT FROM a.moment)) AS aged
    FROM b FULL JOIN a USING (subject, m, name)
)
SELECT subject, m, name, how, coalesce(aged, false) AS aged FROM told WHERE how IS NOT NULL
UNION ALL
SELECT subject, m, r.name, 'values not taken', false
FROM asked JOIN ({_REFUSED}) r USING (subject)
"""

# ``known`` says of what and name whose bearing is known; of a note of another version, its basis
# and what it looks at now; of one that is not known at all every input that changed.
LINKED = """
CREATE TEMP TABLE linked AS
WITH asked AS (
    SELECT subject, m, what, name, named,
        CASE WHEN what = 'urgency' AND name <> '' THEN 'status' ELSE what END AS of_kind
    FROM turned WHERE what NOT IN ('appeared', 'disappeared')
), met AS (
    SELECT t.*, i.name AS fact, i.how, i.aged FROM asked t JOIN changed_inputs i USING (subject, m)
)
SELECT met.subject, met.m, met.what, met.name,
    list_sort(list(met.fact || ': ' || met.how)) AS inputs,
    bool_or(NOT aged) AS fresh, bool_or(aged) AS aged
FROM met LEFT JOIN bearing_facts f ON f.what = met.of_kind AND f.name = met.name
    AND f.fact = met.fact
LEFT JOIN known k ON k.what = met.of_kind AND k.name = met.name
WHERE f.fact IS NOT NULL OR k.name IS NULL OR list_contains(met.named, met.fact)
GROUP BY met.subject, met.m, met.what, met.name
"""

CHANGES = """
CREATE TEMP TABLE told AS
WITH joined AS (
    SELECT t.subject, t.m, coalesce(r.after_of, r.before_of) AS as_of, r.before_of AS as_of_before,
        t.what, t.name, t.before, t.after, coalesce(l.inputs, []) AS inputs,
        coalesce(l.fresh, false) AS fresh,
        r.before_of <> r.after_of AND (coalesce(l.aged, false) OR l.inputs IS NULL) AS moved,
        CASE WHEN r.other_rules AND r.before_of IS NOT NULL AND r.after_of IS NOT NULL
            THEN coalesce(b.labels, {labels}) ELSE [] END AS rules,
        r.other_rules, r.before_of IS NOT NULL AND r.after_of IS NOT NULL AS kept
    FROM turned t JOIN both_reports r USING (subject, m)
    LEFT JOIN linked l USING (subject, m, what, name)
    LEFT JOIN bearing_rules b ON b.name = t.name
        AND b.what = CASE WHEN t.what = 'urgency' AND t.name <> '' THEN 'status' ELSE t.what END
), found AS (
    SELECT *, list_concat(
        CASE WHEN fresh THEN ['inputs'] ELSE [] END,
        CASE WHEN len(rules) > 0 THEN ['rules'] ELSE [] END,
        CASE WHEN kept AND moved AND (len(rules) = 0 OR len(inputs) > 0) THEN ['moment']
            ELSE [] END) AS because
    FROM joined
)
SELECT subject, m, as_of, as_of_before, what, name, before, after,
    CASE WHEN NOT kept THEN CAST([] AS VARCHAR[])
        WHEN len(because) > 0 THEN because
        WHEN other_rules THEN ['rules']
        WHEN {other_program} THEN ['program']
        ELSE ['other'] END AS because,
    inputs,
    CASE WHEN kept AND len(because) = 0 AND other_rules THEN {labels} ELSE rules END AS rules
FROM found
"""


def names_in_basis(column: str) -> str:
    """SQL of the names of inputs a note rests on."""
    names = f"""from_json({column}, '{{"inputs": ["VARCHAR"]}}').inputs"""
    return f"coalesce(CAST({names} AS VARCHAR[]), [])"


CODE = "coalesce(status, nullif(array_to_string(list_sort(possible), ' or '), ''))"
