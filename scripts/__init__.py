"""driftrec.scripts: one verb a file. Every script imports this first, whichever of its three forms was typed."""

import os

from driftrec.scripts.allocator import keep_freed_memory

# Two threads that spin while they wait starve each other on shared cores; it must be said before torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
keep_freed_memory()
