"""Made-up people, employers, jobs and contracts that hold together: for the demo, the bench and tests.

`Sample(seed)` gives the same things for the same seed, market and day. What it gives is the `set` of a
record, ready for `put`: wire names, money in fen, moments in epoch ms.

Rules it keeps:
- Nobody here exists. Numbers are put together by chance and their check digits computed; a real person may
  have one by accident, so never load samples into a hall that works.
- A number, a birth date, a sex and a name agree. First digits are those in use when the person was small, so
  nearly half of those born before 1994 bring codes of abolished counties (372829, 372801, …).
- It contains what real registers contain: shared family phones, rare characters (𬱖 䶮 㛃), names with a dot,
  people with a passport or with no papers, households as employers, 16-year-olds.
- Every value passes the checks of its kind: certificates where the trade needs one, pay above the minimum.
- It is quick (100,000 workers take a few seconds), so weighted lists are spread out once and indexed.

people.py makes persons, things.py all else, days.py whole days; words.py holds the lists. They name each
other relatively, so the package works as `scripts.sample` and, for programs started by path, as `sample`.
"""

from .days import Action, Article, article_day, morning
from .people import may_work
from .things import Sample

__all__ = ["Action", "Article", "Sample", "article_day", "may_work", "morning"]
