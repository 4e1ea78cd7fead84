"""Two packs, or two versions of one: what changed in words, and what that does to cases."""

from __future__ import annotations

from collections.abc import Iterable

from corrin.comparison import pack_diff as form
from corrin.comparison.changes import changes
from corrin.comparison.cohort import Pair, Unread
from corrin.comparison.comparer import labels
from corrin.comparison.framework import Framework, framework
from corrin.facts.case import Case
from corrin.notes import report
from corrin.packs.finding import ContentProblem
from corrin.packs.library import Library, Profile
from corrin.packs.versions import Found, find


class Differ:
    """Two packs placed in one profile.

    Args:
        before, after: ids, ``id@version`` or folders.
        version: Corrin's own.

    Raises:
        NoSuchPack: there is no pack of a name.
        ContentProblem: the content of one cannot be used.
    """

    def __init__(
        self, library: Library, profile: Profile, before: str, after: str, version: str
    ) -> None:
        found = (find(library, before), find(library, after))
        named = labels(found)
        out = frozenset(one.pack.id for one in found)

        def placed(index: int, shared: bool) -> Framework:
            one = found[index]
            named_so = Found(named[index], one.pack, one.origin, one.rows)
            return framework(library, profile, named_so, version, out=out, shared=shared)

        self._version, self._profile, self._asked = version, profile, (before, after)
        try:
            self.before, self.after = placed(0, True), placed(1, True)
        except ContentProblem:
            self.before, self.after = placed(0, False), placed(1, False)

    def words(self) -> form.PackDiff:
        """What changed, part by part."""
        return form.PackDiff(
            corrin=self._version,
            before=_version(self.before),
            after=_version(self.after),
            changes=changes(self.before, self.after),
        )

    def over(self, cases: Iterable[tuple[str, Case | Unread]], as_of: str | None) -> form.PackDiff:
        """What changed, and who of some cases comes out differently because of it."""
        head = self._profile.head
        return self.words().model_copy(
            update={
                "profile": report.ProfileUsed(
                    id=head.id,
                    title=head.title,
                    version=head.version,
                    digest=self._profile.digest,
                ),
                "as_of": as_of,
                "cohort": Pair(self.before, self.after).over(cases),
            }
        )


def _version(one: Framework) -> form.PackVersion:
    head = one.pack.head
    return form.PackVersion(
        name=one.name,
        pack=head.id,
        title=head.title,
        version=head.version,
        date=str(head.date),
        origin=one.origin,
        digest=one.pack.digest,
    )
