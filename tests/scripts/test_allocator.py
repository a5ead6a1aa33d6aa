import subprocess
import sys

import pytest

FAULTS = """
import resource
import numpy as np
{import_scripts}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
pages = 2**24 // 4096
arrays = [np.ones(2**21) for _ in range(2)]
before = faults()
for _ in range(20):
    arrays = None
    arrays = [np.ones(2**21) for _ in range(2)]
print((faults() - before) / (40 * pages))
"""


def faults_a_page(import_scripts):
    """Of arrays of 16 MiB that follow one another, on pages of 4 KiB."""
    code = FAULTS.format(import_scripts=import_scripts)
    quiet = {"NUMPY_MADVISE_HUGEPAGE": "0"}
    return float(subprocess.run([sys.executable, "-c", code], env=quiet, capture_output=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be told")
def test_what_dies_is_kept_for_what_comes_next():
    # 1.0 without the call
    assert faults_a_page("import driftrec.scripts") < 0.1
