"""Restoring from the history: a version back into the working tree, and that taken back."""

from __future__ import annotations

from workbench.bench.restoring import Restoration, Restored
from workbench.bench.shown import inert
from workbench.tui.background import in_background
from workbench.tui.screens.dialogs import Ask
from workbench.tui.screens.history_base import HistoryBase


class HistoryRestoring(HistoryBase):
    """Restores, and asks first where that costs something."""

    def __init__(self) -> None:
        super().__init__()
        self._restored: Restored | None = None

    @in_background(group="restore")
    async def action_restore_version(self) -> None:
        """Put the highlighted version back into the working tree; asks where that costs something."""
        entry, prompt = self.entry(), self.workbench.prompt
        if entry is None or prompt is None:
            return
        if entry.dirty:
            self.notify("This is the working tree already.", markup=False)
            return
        restoring = self.workbench.bench.restoring
        plan = await self.reading(lambda: restoring.plan(prompt, entry.target))
        if plan is None:
            return
        also = await self._what_to_restore(plan)
        if also is None:
            return
        restored = await self.reading(lambda: restoring.restore(prompt, entry.target, also))
        if restored is not None:
            self._restored = restored
            self._reload(restored, f"Restored {entry.label}; u takes it back.")

    async def _what_to_restore(self, plan: Restoration) -> tuple[str, ...] | None:
        """Return which partials and documents are restored too, or None where the person will not."""
        unsaved = set(self.unsaved())
        if not plan.own and not plan.others:
            self.notify(f"The working tree holds {plan.label} already.", markup=False)
            return None
        others = [write.path for write in plan.others]
        also: tuple[str, ...] = ()
        if others:
            names = ", ".join(others)
            answers = [("stop", "Do nothing"), ("all", f"Restore {'it' if len(others) == 1 else 'them'} too")]
            if plan.own:
                answers.insert(0, ("own", "Only the prompt's own files"))
            question = f"This version read {names} as it then was, which other prompts may read too."
            answer = await self.app.push_screen_wait(Ask(question, answers))
            if answer not in ("own", "all"):
                return None
            also = tuple(others) if answer == "all" else ()
        lost = sorted(unsaved & {*(write.path for write in plan.own), *also})
        if lost:
            question = f"Unsaved edits of {', '.join(lost)} would be replaced on screen."
            answers = [("stop", "Do nothing"), ("restore", "Restore all the same")]
            if await self.app.push_screen_wait(Ask(question, answers)) != "restore":
                return None
        return also

    @in_background(group="restore")
    async def action_undo_restore(self) -> None:
        """Take back the last restoration."""
        restored = self._restored
        if restored is None:
            self.notify("There is no restoration to take back.", markup=False)
            return
        restoring = self.workbench.bench.restoring

        def undo() -> bool:
            restoring.undo(restored)
            return True

        if await self.reading(undo):
            self._restored = None
            self._reload(restored, f"Taken back: {restored.label} is no longer in the working tree.")

    def _reload(self, restored: Restored, said: str) -> None:
        """Let the bench read what was written, and list the history anew."""
        self.notify(inert(said), markup=False)
        if self.bench_screen.is_mounted:
            self.bench_screen.reload(write.path for write in restored.written)
        self.read()
