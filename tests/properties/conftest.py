"""Tells how far the property test is, and adds up what its rounds tried, in whatever processes."""

import time
from collections import Counter

import pytest
from _pytest.terminal import TerminalReporter


class Progress:
    """Writes a line a round, and the sum at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._tried: Counter[str] = Counter()
        self._rounds = 0
        self._began = time.monotonic()

    def _reporter(self) -> TerminalReporter | None:
        found = self._config.pluginmanager.get_plugin("terminalreporter")
        return found if isinstance(found, TerminalReporter) else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A round is over, here or in another process."""
        found = dict(report.user_properties).get("tried")
        reporter = self._reporter()
        if report.when != "call" or not isinstance(found, dict) or reporter is None:
            return
        self._rounds += 1
        self._tried.update(found)
        if self._rounds > 1 or reporter.verbosity >= 0:
            took = time.monotonic() - self._began
            reporter.ensure_newline()
            reporter.write_line(f"{self._rounds} rounds in {took:,.0f} s: {_told(self._tried)}")

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """The figure: every request that was compared, by what became of it."""
        if self._rounds:
            sent = sum(
                self._tried[name]
                for name in ("answered", "refused", "refused for a missing variable")
            )
            terminalreporter.write_sep("=", "permission differential")
            terminalreporter.write_line(f"{sent:,} requests compared: {_told(self._tried)}")


def _told(tried: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in tried.most_common())


def pytest_configure(config: pytest.Config) -> None:
    """Follow the rounds where they are reported: not in a process that another one started."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(config), "property-progress")
