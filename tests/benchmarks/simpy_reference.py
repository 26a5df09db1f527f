"""The reference model written by hand for SimPy, as a user would: `python simpy_reference.py CASES SEED`.

Prints cases, activities, CPU seconds and the mean cycle time as JSON. Runs in the benchmark's own environment.
"""

import json
import math
import random
import sys
import time

import simpy

POOLS = {"t0": 0, "t1": 0, "t2": 1, "t3": 1, "t4": 2, "t5": 2, "t6": 0}
LOGNORMAL = {"t0": (600, 102249.15), "t2": (1200, 623994.357), "t4": (1500, 639057.187), "t6": (300, 15615.978)}
EXPONENTIAL = {"t1": 720, "t3": 900, "t5": 480}


def main(cases: int, seed: int) -> None:
    rng = random.Random(seed)
    laws = {}
    for task, (mean, variance) in LOGNORMAL.items():
        spread = math.log1p(variance / mean**2)
        laws[task] = (math.log(mean) - spread / 2, math.sqrt(spread))
    world = simpy.Environment()
    pools = [simpy.Resource(world, 5) for _ in range(3)]
    cycles, rows = [], []

    def work(task):
        enabled = world.now
        with pools[POOLS[task]].request() as turn:
            yield turn
            started = world.now
            law = laws.get(task)
            yield world.timeout(rng.lognormvariate(*law) if law else rng.expovariate(1 / EXPONENTIAL[task]))
        rows.append((task, enabled, started, world.now))

    def case():
        begin = world.now
        yield from work("t0")
        while True:
            yield from work("t1")
            yield from work("t2" if rng.random() < 0.6 else "t3")
            yield from work("t4")
            if rng.random() >= 0.15:
                break
        yield from work("t5")
        if rng.random() < 0.5:
            yield from work("t6")
        cycles.append(world.now - begin)

    def arrivals():
        for _ in range(cases):
            world.process(case())
            yield world.timeout(rng.expovariate(1 / 480))

    begin = time.process_time()
    world.process(arrivals())
    world.run()
    spent = time.process_time() - begin
    print(json.dumps({"activities": len(rows), "cpu_s": spent, "cycle_s": sum(cycles) / len(cycles)}))


main(int(sys.argv[1]), int(sys.argv[2]))
