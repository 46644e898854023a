"""Synthetic shops, calibrated to the real ones: made from a seed, never from a customer's data.

What makes such a shop hard is not its size but its bottlenecks: a long-tailed share of the work
goes to a few machines, whose queues are longer than the due dates allow. The number of machines in
use grows with the number of families, so that this holds from 10 families to 500.

Beside them are instances of the kinds that the literature measures on: see `standard`.

Problems for training, for validation and for testing come from streams that cannot meet: see
`problem_stream`.
"""

from scheduler_core.generator.config import SHOPS, GeneratorConfig
from scheduler_core.generator.problems import CREATED_AT, generate_problem
from scheduler_core.generator.snapshots import (
    SAMPLE_SEED,
    SAMPLE_SIZES,
    SAMPLES,
    VERSION,
    generate_snapshot,
    sample_snapshot,
    write_samples,
)
from scheduler_core.generator.standard import (
    generate_flexible_job_shop,
    generate_job_shop,
    taillard_job_shop,
)
from scheduler_core.generator.streams import (
    TEST_SEEDS,
    Purpose,
    problem_stream,
)

__all__ = [
    "CREATED_AT",
    "SAMPLES",
    "SAMPLE_SEED",
    "SAMPLE_SIZES",
    "SHOPS",
    "TEST_SEEDS",
    "VERSION",
    "GeneratorConfig",
    "Purpose",
    "generate_flexible_job_shop",
    "generate_job_shop",
    "generate_problem",
    "generate_snapshot",
    "problem_stream",
    "sample_snapshot",
    "taillard_job_shop",
    "write_samples",
]
