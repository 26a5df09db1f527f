"""The case data of a scenario without playing it: the very cases that the first replication of a simulation draws."""

from __future__ import annotations

import numpy as np

from bpm.model.scenario import Scenario, Value
from bpm.simulator.chance import mix, sample
from bpm.simulator.laws import Laws
from bpm.simulator.splits import key_of


def draw(scenario: Scenario, cases: int, seed: int) -> dict[str, list[Value]]:
    """Values of every case attribute by its name, one per case; the same seed gives the same values.

    Raises:
        ScenarioError: a distribution that means nothing.
    """
    laws = Laws()
    numbers = [
        laws.add(attribute.distribution, attribute.name)
        if attribute.distribution is not None
        else laws.choice(range(len(attribute.choices)), [weight for _, weight in attribute.choices])
        for attribute in scenario.attributes
    ]
    records, values = laws.arrays()
    run = np.uint64(key_of(f"{seed}/0"))
    keys = [np.uint64(mix(run, np.uint64(case))) for case in range(cases)]
    drawn: dict[str, list[Value]] = {}
    for attribute, law in zip(scenario.attributes, numbers, strict=True):
        own = np.uint64(key_of(f"attribute:case:{attribute.name}"))
        found = [float(sample(records[law], values, np.uint64(mix(key, own)))) for key in keys]
        continuous = attribute.distribution is not None
        drawn[attribute.name] = [number if continuous else attribute.choices[int(number)][0] for number in found]
    return drawn
