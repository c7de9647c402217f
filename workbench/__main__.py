"""The program: a command where one is named, else the screen. The only place that knows both faces."""

from __future__ import annotations

from workbench.cli.failing import guarded
from workbench.cli.main import cli


def main() -> None:
    """Run what the command line asks for, and exit with its code."""
    guarded(cli, open_screen)


def open_screen(judge: str = "") -> None:
    """Open the workbench on the project around the working folder, and stay until it is left.

    ``judge`` is the name that votes are given under, empty for the person's own.
    """
    from workbench.bench.bench import Bench
    from workbench.project.taste import load as load_taste
    from workbench.tui.app import WorkbenchApp, put_keys_first  # only here: no command loads Textual

    bench = Bench.here()
    bench.judged_by = judge
    app = WorkbenchApp(bench, load_taste(bench.personal))
    put_keys_first()
    app.run()
    if app.return_code:
        raise SystemExit(app.return_code)


if __name__ == "__main__":
    main()
