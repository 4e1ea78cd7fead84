"""The person of a case: sex, birth date or age, death. Nobody is identified."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta, tzinfo

from corrin.facts.moment import Moment
from corrin.intake import subject
from corrin.intake.dates import parse_moment
from corrin.intake.item import Item, Resource
from corrin.intake.plain import names, shape
from corrin.intake.plain.fault import Faults, nearest

KEYS = ("age", "birth_date", "sex", "deceased")
PATH = "patient"
OLDEST = 150  # completed years; beyond it an age is a slip of the pen
PLACES = {".birthDate": ".birth_date", ".gender": ".sex"}
_LAST_MOMENT = time(23, 59, 59, 999999)


def read(value: object, anchor: Moment | None, zone: tzinfo, faults: Faults) -> subject.Person:
    """What is said of the person; ``anchor`` is the moment an age is stated for."""
    if value is None:
        return subject.Person()
    found = shape.members(value, PATH, KEYS, faults)
    if found is None:
        return subject.Person()
    resource: Resource = {"resourceType": "Patient"}
    said = shape.text(found, "sex", PATH, faults)
    if said is not None:
        known = names.words().sex
        if names.loose(said) in known:
            resource["gender"] = known[names.loose(said)]
        else:
            faults.add("name-unknown", f"{PATH}.sex", nearest(said, known) or _sexes())
    born = shape.text(found, "birth_date", PATH, faults)
    if born is not None:
        resource["birthDate"] = born
    deceased = found.get("deceased")
    if type(deceased) is str:
        resource["deceasedDateTime"] = deceased
        if parse_moment(deceased, zone) is None:
            faults.add("date-invalid", f"{PATH}.deceased")
    else:
        resource["deceasedBoolean"] = shape.truth(found, "deceased", PATH, faults)
    item = Item(resource, "Patient", PATH, PATH)
    person = subject.identify([item], zone)
    age = shape.whole(found, "age", PATH, OLDEST, faults)
    if age is not None and "birth_date" in found:
        faults.add("field-conflict", f"{PATH}.age")
    elif age is not None and anchor is None:
        remedy = "Say as_of, the moment at which the person is of this age; or give birth_date."
        faults.add("field-missing", "as_of", remedy=remedy)
    elif age is not None and anchor is not None:
        born_then = born_for(age, anchor)
        if born_then is None:
            faults.add("date-invalid", "as_of")
        else:
            person.subject = replace(person.subject, birth_date=born_then)
    return person


def _sexes() -> tuple[str, ...]:
    return tuple(dict.fromkeys(names.words().sex.values()))


def born_for(age: int, as_of: Moment) -> Moment | None:
    """All birth dates of somebody who has completed ``age`` years as of a moment; ``None`` when
    the calendar does not go back so far.

    At that moment the age is exactly this; a day later it may be one more, and so it is told.
    """
    first, last = as_of.start, as_of.end
    try:
        earliest = _day_after(first.date(), age + 1)
        latest = _day_up_to(last.date(), age)
    except ValueError:
        return None
    if earliest.year < _FIRST_YEAR:
        return None
    start = datetime.combine(earliest, time.min, first.tzinfo)
    end = datetime.combine(latest, _LAST_MOMENT, last.tzinfo)
    return Moment(start, end, f"{earliest.isoformat()}/{latest.isoformat()}")


_FIRST_YEAR = 2  # zones can move a moment by a day; the calendar begins at 1


def _day_up_to(day: date, years: int) -> date:
    """The last day, so many years before, whose month and day are not after those of ``day``."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        if day.year - years < 1:
            raise
        return date(day.year - years, 2, 28)  # 29 February of a year without one


def _day_after(day: date, years: int) -> date:
    """The first day after :func:`_day_up_to`."""
    return _day_up_to(day, years) + timedelta(days=1)
