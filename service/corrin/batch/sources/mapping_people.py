"""What the rows of a table say of the people in it: sex and birth date, each once."""

from __future__ import annotations

from corrin.batch.sources import resources
from corrin.batch.sources.mapping_cells import number_of
from corrin.facts.moment import Moment
from corrin.intake.plain import names
from corrin.intake.plain.person import born_for

_MOST_PEOPLE = 1 << 20
_OLDEST = 150


class People:
    """The people of one table, as far as they were told of."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str, str]] = set()

    def new(self, patient: str, sex: str, born: str, age: str, when: str) -> bytes | None:
        """The Patient that a row tells of; ``None`` where it tells nothing, or nothing new.

        Args:
            patient: what the table calls the person.
            sex: as it is written.
            born: the birth date.
            age: instead of one, in whole years at ``when``.
            when: the time of the sample.
        """
        if age and when:
            born = birth_for(age, when)
        if not sex and not born:
            return None
        said = (patient, sex, born)
        if said in self._said:
            return None
        if len(self._said) < _MOST_PEOPLE:
            self._said.add(said)
        gender = names.words().sex.get(names.loose(sex), sex) if sex else ""
        return resources.patient(patient, gender=gender, birth=born)


def birth_for(age: str, when: str) -> str:
    """A birth date that makes an age in whole years true at the time of the sample.

    A year where the births of that age fill one (a sample of 31 December), else the month in the
    middle of them. What is no age stays, to be refused where it is read.
    """
    years = number_of(age)
    try:
        moment = Moment.parse(when)
    except (ValueError, OverflowError):
        return age
    if years is None or years != int(years) or not 0 <= years <= _OLDEST:
        return age
    born = born_for(int(years), moment)
    if born is None:
        return age
    first, last = born.start, born.end
    if first.year == last.year:
        return str(first.year)
    middle = first + (last - first) / 2
    return f"{middle.year:04d}-{middle.month:02d}"
