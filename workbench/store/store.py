"""The store: one SQLite file, seen as families of tables."""

from __future__ import annotations

from pathlib import Path

from workbench.store.counts import Counts
from workbench.store.database import Database
from workbench.store.judging import Judging
from workbench.store.pruning import Pruning
from workbench.store.remarks import Remarks
from workbench.store.runs import Runs
from workbench.store.scores import Scores
from workbench.store.search import Search
from workbench.store.sources import Sources
from workbench.store.votes import Votes


class Store:
    """Everything that is kept of a project.

    That is ``sources`` (what was asked), ``runs`` and ``votes``, of all three the ``scores`` by version, of
    the runs the ``counts`` of tokens beside what was reported, and ``remarks`` on single results. ``judging``
    and ``search`` find results, and ``pruning`` lets go of old runs. Nothing is opened until it is needed.
    Every method may raise StoreError.
    """

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.sources = Sources(self.database)
        self.runs = Runs(self.database)
        self.votes = Votes(self.database)
        self.judging = Judging(self.database)
        self.scores = Scores(self.database)
        self.counts = Counts(self.database)
        self.remarks = Remarks(self.database)
        self.search = Search(self.database)
        self.pruning = Pruning(self.database)

    def close(self) -> None:
        """Close the file."""
        self.database.close()
