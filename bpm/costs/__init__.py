"""What steps take and cost: the city, citizens and businesses apart, never added up.

* `rates`: what counting a log needs (used by `bpm.kpis`);
* `table`: dated tables of minutes, wages and travel, read from files; nothing of them is a constant in code;
* `effort`: the burden of duties as in the German Erfüllungsaufwand method, and what a change saves;
* `views`: the same duties as the standard cost model and as US burden hours.
"""

from bpm.costs.rates import Rates, work_cost

__all__ = ["Rates", "work_cost"]
