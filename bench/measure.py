"""Two sides of a comparison, run in turn on one machine, as ratios."""

import statistics
import time
from dataclasses import dataclass, field


@dataclass
class Figure:
    """A measured figure. Ratios say how many times as fast ours is (theirs ÷ ours)."""

    name: str
    value: float
    lowest: float
    highest: float
    floor: float | None = None
    goal: float | None = None
    at_most: bool = False  # smaller is better
    note: str = ""
    seconds: dict = field(default_factory=dict)

    def line(self):
        verdict = ""
        if self.floor is not None:
            reached = (lambda bound: self.value <= bound) if self.at_most else (lambda bound: self.value >= bound)
            verdict = "goal reached" if reached(self.goal) else "floor held" if reached(self.floor) else "BELOW FLOOR"
            verdict = f"  floor {self.floor:g} goal {self.goal:g}: {verdict}"
        seconds = " ".join(f"{side} {value:.3f}s" for side, value in self.seconds.items())
        return f"{self.name} {self.value:.2f}  [{self.lowest:.2f} {self.highest:.2f}]{verdict}  {seconds}  {self.note}".rstrip()


def seconds_of(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(name, ours, theirs, runs, before=lambda: None, **bounds):
    """Median ratio of `runs` pairs after a warm-up of each side; the sides take turns, so that noise meets both. `before` is called
    before each and not measured."""
    ours()
    theirs()
    our_times, their_times = [], []
    for _ in range(runs):
        before()
        their_times.append(seconds_of(theirs))
        before()
        our_times.append(seconds_of(ours))
    ratios = [their / our for our, their in zip(our_times, their_times)]
    return Figure(name, statistics.median(ratios), min(ratios), max(ratios),
                  seconds={"ours": statistics.median(our_times), "theirs": statistics.median(their_times)}, **bounds)
