"""Every job can go to another process, and is done there as here."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import hw
from costmodel.devices import parse_device
from costmodel.measure import Design, unkept
from costmodel.predictions import OPERATIONS
from dse import making, measuring
from dse.accuracies import score_job, screen_job
from dse.dataset import LIMITS
from dse.emission import emission_job
from dse.job import Job, away
from dse.jobs import Job as RunsJob
from dse.points import Point
from dse.pool import _pipeline_job
from dse.studies import energy
from dse.studies.catalogue import STUDIES
from dse.studies.qor import _unbuilt
from dse.workloads.arithmetic import parse_arithmetic
from dse.workloads.workload import find_workload
from dse.written import FIELDS, read, writing_job
from hw.spec import UNITS, spec_type
from rtl_gen import emit

MUL, ICE40 = hw.parse("mul/int2xint2"), hw.parse_target("ice40")
POINT = Point(MUL, ICE40, placed=True)


def jobs() -> list[Job]:
    """One of each maker."""
    mac, ecp5 = hw.parse("mac/int2xint2"), hw.parse_target("ecp5")
    design = Design("it", "module it; endmodule", {"module": "it", "ports": []})
    return [
        score_job(parse_arithmetic("int8xint8/exact/exact"), find_workload("mnist-mlp")),
        screen_job(parse_arithmetic("int8xint8/exact/exact"), find_workload("mnist-mlp")),
        _pipeline_job((mac, ecp5), 100.0),
        making.verify_job(mac, ecp5, Path("logs")),
        making.energy_job(mac),
        making.verify_job(hw.parse("gemm/int4xint4/4x4"), ICE40, Path("logs"), {"m": 1, "k": 2, "n": 3}),
        making.measure_job(mac, ecp5, False, 2, "wheel", parse_device("ecp5-85k")),
        making.design_job("loop", "text", design, ICE40),
        making.part_job(MUL, ICE40),
        making.switching_job(mac, ICE40, "uniform"),
        making.gates_job(MUL),
        measuring.placing_job(POINT, "digest"),
        measuring.counting_jobs([(POINT, "digest")])[0][1],
        emission_job(POINT),
        writing_job(MUL, ICE40),
        energy._predicted(next(iter(OPERATIONS))),
        _unbuilt(ICE40, "no"),
    ]


def test_every_job_can_be_sent() -> None:
    for job in jobs():
        again = pickle.loads(job.packed())
        assert (again.kind, again.key, again.parts, again.python) == (job.kind, job.key, job.parts, job.python)
        assert again.work.args == job.work.args  # type: ignore[attr-defined]
        assert again.work.keywords == job.work.keywords  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(LIMITS)) == LIMITS
    assert RunsJob is Job


@pytest.mark.parametrize("unit", UNITS)
def test_every_spec_is_the_same_when_it_comes_back(unit: str) -> None:
    spec = hw.parse(spec_type(unit).example)
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert hash(pickle.loads(pickle.dumps(spec))) == hash(spec)


def test_the_studies_jobs_can_be_sent(tmp_path: Path) -> None:
    for name in ("loops", "energy"):
        study = STUDIES[name].load()
        for job in study.jobs(study.rows[0], tmp_path).values():
            assert job.packed()


def test_what_is_done_elsewhere_brings_its_parts() -> None:
    part = making.part_job(MUL, ICE40)
    assert away(part.packed()).value == part.do(lambda *_: {})
    done = away(writing_job(POINT.spec, POINT.target).packed())
    assert done.parts == ()
    assert set(done.value) == set(FIELDS)
    assert "another process can't do this job" in str(away(b"nonsense").error)


def test_written_verilog_is_what_emit_gives_and_its_verdict_the_same_result() -> None:
    written = read(away(writing_job(MUL, ICE40).packed()).value)
    assert written == emit(MUL, ICE40)
    assert (
        making.verify_job(MUL, ICE40, Path("logs"), emitted=written).key == making.verify_job(MUL, ICE40, Path("x")).key
    )


def test_a_point_keeps_its_verilog_as_who_verifies_finds_it() -> None:
    done = away(emission_job(POINT).packed())
    ((kind, key, _label, value),) = done.parts
    job = writing_job(POINT.spec, POINT.target)
    assert (kind, key) == (job.kind, job.key)
    assert done.value == {"digest": read(value).digest}
    deep = Point(hw.parse("mul/int2xint2/exact/exact/p20"), ICE40, placed=False)
    assert emission_job(deep).do(unkept) == {"digest": ""}
