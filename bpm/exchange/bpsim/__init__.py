"""BPSim 1.0 and 2.0 (Workflow Management Coalition): simulation data inside or beside a BPMN file.

`parameters` reads scenarios with what they inherit, `laws` turns values into distributions, `shifts` reads iCalendar,
`expressions` translates the XPath subset, `importing` writes our scenario JSON, `exporting` a minimal valid block,
`results` reads measured figures of other simulators.

Whatever is dropped, guessed or repaired becomes a note with the element's id; what cannot be meant is an error located
by element. Samples and schemas: BPSim working group, CC BY 3.0; nothing of them is copied here.

Codes: ``bpsim-no-data``, ``bpsim-no-scenario``, ``bpsim-no-arrivals``, ``bpsim-expression``, ``bpsim-value``,
``bpsim-inherits``, ``export-encoding``, and those of the XML guard.
"""

from bpm.exchange.bpsim.exporting import export_bpsim
from bpm.exchange.bpsim.importing import Imported, holds_bpsim, import_bpsim
from bpm.exchange.bpsim.results import read_results

__all__ = ["Imported", "export_bpsim", "holds_bpsim", "import_bpsim", "read_results"]
