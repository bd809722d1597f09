"""What waits at each desk, for the numbers in the rail. Asked with every page, so each is an index lookup."""

from __future__ import annotations

from common.records.contract import Contract
from common.records.job import Job
from node.home import Home
from node.market import contracts, jobs, refusals


def waiting(home: Home, role: str) -> dict[str, int]:
    """{desk: how many things wait for somebody of this role}."""
    with home.store.reading():
        db = home.store.db
        states = ",".join(str(Contract.fields["state"].to_column(state)) for state in contracts.UNSIGNED)
        review = Job.fields["state"].to_column("review")
        return {
            "contracts": int(db.scalar(f"SELECT count(*) FROM contract WHERE state IN ({states})")),
            "jobs": int(db.scalar("SELECT count(*) FROM job WHERE state = ?", (review,)))
            if role in jobs.REVIEWERS
            else 0,
            "today": home.store.in_conflict(),
            "sync": len(refusals.waiting(home, home.log)),
        }
