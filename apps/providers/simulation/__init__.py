"""A house of simulators: every provider answered on this machine, with state that survives and trouble on
demand.

`python -m apps.providers.simulation --port N` serves them; `run()` starts them for a test. What the control
door can do stands in `control`, what can go wrong in `faults`, a provider's habits in its own simulator.
"""

from .running import Simulators, SimulatorsDown, run

__all__ = ["Simulators", "SimulatorsDown", "run"]
