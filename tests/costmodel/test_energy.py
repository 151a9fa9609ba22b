"""Energy: calibrated on what is published, of units of every kind, and by one protocol."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hw
from costmodel import drive, energy
from costmodel.gates import gate_netlist, memory_bits, without_memories
from costmodel.operations import parts
from costmodel.streams import STREAMS
from hw.units import spec_type
from rtl_gen import emit
from sim.activity import Activity
from sim.golden import decode, model

SMALL = {
    "mac/int4xint4/exact/kulisch16/p1": ("products", 1),
    "mul/int4xint4/exact/exact/p0": ("products", 1),
    "add/e2m1xe2m1/e3m2/p1": ("results", 1),
    "pack/int4xint4/x2/p1": ("products", 2),
    "pe/int4xint4/os/exact/kulisch16/p1": ("products", 1),
    "pe/int4xint4/ws/exact/carrysave16/p1": ("products", 1),
    "pe/e5m2xe5m2/ws/exact/kulisch16/p1": ("products", 1),
    "dot/int4xint4/n3/exact/exact/p1": ("products", 3),
    "dot/int4xint4/n2/exact/exact/p0": ("products", 2),
    "requant/fix70.0xint8/n1/tensor/m1/p1": ("results", 1),
    "blockdot/mxint4xmxint4/exact/p1": ("products", 32),
    "array/int4xint4/2x3/os/exact/kulisch64/p1": ("products", 6),
    "array/int4xint4/2x2/is/exact/kulisch64/p1": ("products", 4),
    "requant/fix12.0xint4/n2/tensor/m4/p1": ("results", 2),
    "requant/fix12.0xe4m3/n1/channel/m4/p1": ("results", 1),
    "blockadd/mxfp4xmxfp4/n1/bf16/p1": ("results", 1),
    "matvec/int4xint4/1x2/exact/kulisch128/p1": ("products", 2),
    "matvec/int4xint4/1x2/4x4/exact/kulisch128/p1": ("products", 2),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_unit_works_while_it_is_looked_at(name: str) -> None:
    found = energy.estimate_energy(hw.parse(name))
    assert (found.operation, found.operations) == SMALL[name]
    assert found.picojoules * found.operations == pytest.approx(found.cycle_picojoules)
    # Of its gates some switch, but not all in each cycle.
    assert 0.03 * found.nand2 < found.switched < 0.9 * found.nand2
    assert found.low < found.picojoules < found.high
    assert found.parts == {}


def test_tables_that_are_being_filled_keep_their_readers_waiting() -> None:
    name = "tellme/int4/g2/t1/q1/full/lutram/exact/p1"
    found = energy.estimate_energy(hw.parse(name))
    built = drive.FRAME + hw.parse(name).build  # type: ignore[attr-defined]
    assert 2 * drive.FRAME / (built + 2) < found.operations <= 2 * drive.FRAME / built
    assert found.memory_bits > 0


def test_what_needs_a_program_is_composed() -> None:
    # The blocks that the other example needs are an FPGA's.
    examples = {unit: spec_type(unit).example for unit in hw.UNITS} | {"pack": "pack/int4xint4/x2/p1"}
    assert {unit for unit, name in examples.items() if parts(hw.parse(name))} == {"gemm", "blockgemm", "encoder"}


def test_a_core_is_the_sum_of_its_parts() -> None:
    spec = hw.parse("gemm/int4xint4/2x2/os/exact/kulisch64/p1/int4/tensor/x1/p2/k64/n64/w64")
    found = energy.estimate_energy(spec)
    array = energy.estimate_energy(spec.array)  # type: ignore[attr-defined]
    requant = energy.estimate_energy(spec.requant)  # type: ignore[attr-defined]
    # Four sums in 64 cycles, one at a time.
    assert found.parts == pytest.approx({"array": array.switched, "requant": requant.switched * 4 / 64})
    assert found.switched == pytest.approx(sum(found.parts.values()))
    assert (found.operation, found.operations, found.nand2) == ("products", 4, array.nand2 + requant.nand2)


def test_what_parts_hand_on_need_not_be_recorded(tmp_path: Path) -> None:
    spec = hw.parse("gemm/int2xint2/1x1/os/exact/kulisch16/p1/int2/tensor/x1/p1/k16/n16/w16")
    np.savez(tmp_path / "ours.npz", a=[0.0, 1.0, -1.0], b=[1.0, 1.0, 0.0])
    found = energy.estimate_energy(spec, stream=tmp_path / "ours.npz")
    assert 0 < found.parts["array"] < energy.estimate_energy(spec, stream="uniform").parts["array"]
    assert found.parts["requant"] == energy.estimate_energy(spec).parts["requant"]


def test_a_block_s_sums_are_added_once_a_block() -> None:
    array, add = parts(hw.parse("blockgemm/mxfp4xmxfp4/2x2"))
    assert (array.name, array.share, add.name, add.share) == ("array", 1.0, "add", 2 / 32)


def gates(spec: hw.Spec) -> dict[str, Any]:
    emitted = emit(spec)
    return without_memories(gate_netlist(emitted.verilog, emitted.name))


def driven(name: str) -> tuple[hw.Spec, dict[str, np.ndarray], Activity]:
    """A unit, what each of its ports was given, and what it did."""
    spec, stream = hw.parse(name), STREAMS["normal"]
    netlist = gates(spec)
    given = {part.port: codes for part, codes in drive.driven(drive.plan(spec, netlist), stream)}
    return spec, given, drive.run(spec, netlist, stream)


def test_what_is_driven_is_what_the_unit_computes_with() -> None:
    spec, given, seen = driven("mac/int4xint4/exact/kulisch65/p1")
    for run in (0, 77):
        inputs = {port: codes[:, run] for port, codes in given.items()}
        assert seen.outputs["acc"][1:, run].tolist() == model(spec).run(**inputs)["acc"][:-1].tolist()


@pytest.mark.parametrize(
    "name",
    [
        "array/int4xint4/2x3/os/exact/kulisch64/p1",
        "matvec/int4xint4/1x2/exact/kulisch128/p1",
        "matvec/int4xint4/1x2/4x4/exact/kulisch128/p1",
    ],
)
def test_streams_end_their_frames_together(name: str) -> None:
    _, _, seen = driven(name)
    assert not seen.outputs["error"].any()


@pytest.mark.parametrize("flow", ["os", "ws", "is"])
def test_an_array_multiplies_what_it_is_given(flow: str) -> None:
    """Beats wait until they are taken, and operands that stay are taken a tile at a time."""
    spec, run, tiles = hw.parse(f"array/int4xint4/2x3/{flow}/exact/kulisch64/p1"), 5, 2
    netlist = gates(spec)
    beats: dict[str, list[np.ndarray]] = {}
    for part, codes in drive.driven(drive.plan(spec, netlist), STREAMS["normal"]):
        if part.port.endswith("tdata"):
            beats.setdefault(part.port.split("_")[2], []).append(codes[:, run])
    each = {name: tiles * (2 if flow != "os" and name == spec.pe.other else drive.FRAME) for name in beats}  # type: ignore[attr-defined]
    given = {name: {"x": np.stack(lanes, axis=1)[: each[name]]} for name, lanes in beats.items()}
    for name, fields in spec.inputs.items():  # type: ignore[attr-defined]
        if "last" in fields:
            given[name]["last"] = np.arange(each[name]) % drive.FRAME == drive.FRAME - 1
        if "status" in fields:
            given[name]["status"] = np.zeros_like(given[name]["x"])
    expected = model(spec).run(**given)["sum"]["x"]
    seen = drive.run(spec, netlist, STREAMS["normal"]).outputs
    words = seen["m_axis_sum_tdata"][seen["m_axis_sum_tvalid"][:, run] == 1, run]
    width = spec.accumulator_format.width  # type: ignore[attr-defined]
    shown = [[word >> lane * width & (1 << width) - 1 for lane in range(3)] for word in words[: len(expected)]]
    assert len(shown) >= tiles
    assert shown == expected[: len(shown)].tolist()


def test_floats_are_near_one_where_larger_products_would_not_be_held() -> None:
    spec, given, seen = driven("mul/fp16xfp16/exact/fp16/p0")
    fmt = spec.result  # type: ignore[attr-defined]
    assert np.std(decode(fmt, given["a"])) == pytest.approx(1, rel=0.05)
    assert np.isfinite(decode(fmt, seen.outputs["p"].astype(np.int64))).all()


def test_recorded_operands_are_looked_at(tmp_path: Path) -> None:
    spec, path = hw.parse("mac/int4xint4/exact/kulisch16/p1"), tmp_path / "calm.npz"
    np.savez(path, a=np.zeros(9), b=np.arange(9) % 4)
    calm = energy.estimate_energy(spec, stream=path)
    busy = energy.estimate_energy(spec, stream="uniform")
    assert calm.picojoules < 0.5 * busy.picojoules
    assert (calm.stream, busy.stream) == (str(path), "uniform")
    with pytest.raises(ValueError, match="calm.npz must have a.x, b.x, or a.x_codes"):
        np.savez(path, c=[1, 2])
        energy.estimate_energy(hw.parse("dot/int4xint4/n3/exact/exact/p1"), stream=path)


def test_the_key_tells_streams_and_tables_apart(tmp_path: Path) -> None:
    emitted, path = emit(hw.parse("mac/int4xint4")), tmp_path / "some.npz"
    np.savez(path, a=[1, 2])
    keys = [energy.energy_key(emitted)]
    keys += [energy.energy_key(emitted, stream=stream) for stream in ("uniform", path)]
    np.savez(path, a=[1, 3])
    keys += [energy.energy_key(emitted, stream=path), energy.energy_key(emitted, "jouppi_7nm")]
    assert len(set(keys)) == 5


def test_a_memory_runs_but_takes_nothing() -> None:
    verilog = (
        "module t(input clk, we, input [1:0] at, input d, output q);"
        " reg words [0:3]; always @(posedge clk) if (we) words[at] <= d; assign q = words[at] ^ d; endmodule"
    )
    netlist = gate_netlist(verilog, "t")
    whole = without_memories(netlist)
    assert (memory_bits(netlist), memory_bits(whole)) == (4, 0)
    assert {name for name, cell in netlist["cells"].items() if cell["type"] != "$mem_v2"} <= set(whole["cells"])
    given = {"we": [1, 1, 0, 0], "at": [2, 3, 2, 3], "d": [1, 0, 0, 0]}
    inputs = {port: np.array(codes)[:, None] for port, codes in given.items()}
    assert drive.simulate(whole, inputs).outputs["q"][2:, 0].tolist() == [1, 0]


def test_the_calibration_gives_back_what_is_published() -> None:
    published = energy.published_energies("horowitz_45nm")
    assert published == {"int8_add": 0.03, "int8_mul": 0.2}
    scales = [published[name] / energy.reference_switching(name) for name in energy.REFERENCES]
    estimate = energy.estimate_energy(hw.parse("mac/int8xint8"))
    assert estimate.low == pytest.approx(estimate.switched * min(scales))
    assert estimate.high == pytest.approx(estimate.switched * max(scales))
    assert estimate.picojoules**2 == pytest.approx(estimate.low * estimate.high)


def test_wider_and_busier_takes_more() -> None:
    picojoules = [energy.estimate_energy(hw.parse(f"mac/int{n}xint{n}")).picojoules for n in (2, 4, 8)]
    assert picojoules == sorted(picojoules)


def test_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        ValueError, match="energy table 'aladdin_7nm' can't calibrate; these can: horowitz_45nm, jouppi_7nm"
    ):
        energy.published_energies("aladdin_7nm")
    with pytest.raises(TypeError, match="spec must be a Spec, got 'mac'"):
        energy.estimate_energy("mac")  # type: ignore[arg-type]
    spec = hw.parse("mac/int4xint4/exact/kulisch16/p1")
    with pytest.raises(ValueError, match="stream must be uniform, normal or a file"):
        energy.estimate_energy(spec, stream="gauss")
    with pytest.raises(ValueError, match="needs a multiplier of 25 x 8 bits"):
        energy.estimate_energy(hw.parse("pack/int8xint8/x2/p2"))
    for what in ("tmr", "parity"):
        with pytest.raises(ValueError, match=f"{what} must be left out for the energy of a core"):
            energy.estimate_energy(hw.parse(f"gemm/int8xint8/2x2/{what}:control"))
    monkeypatch.setattr(drive, "MAX_WORK", 1000)
    with pytest.raises(ValueError, match=r"is too big to be simulated: \d+ gates for 65 cycles; .* at most 1,000"):
        energy.estimate_energy(spec)
    monkeypatch.setattr(energy, "MAX_LINES", 10)
    with pytest.raises(ValueError, match=r"too big for an estimate of energy: \d\d lines .* at most 10 .* fewer rows"):
        energy.estimate_energy(spec)


def test_all_instances_count_for_the_size() -> None:
    emitted = emit(hw.parse("array/int4xint4/4x4/os/exact/kulisch64/p1"))
    energy.check_size(emitted)
    inside = next(text for name, text in emitted.modules.items() if name.endswith("_pe"))
    lines = emitted.verilog.count("\n")
    grown = replace(
        emitted, verilog=emitted.verilog.replace(inside, inside.replace("\nendmodule", "\n" * 1600 + "\nendmodule"))
    )
    assert lines + 1600 < energy.MAX_LINES < 16 * 1600
    with pytest.raises(ValueError, match="too big"):
        energy.check_size(grown)


def test_a_port_that_nothing_drives_is_named() -> None:
    spec = hw.parse("mul/int4xint4/exact/exact/p0")
    emitted = emit(spec)
    netlist = gate_netlist(emitted.verilog, emitted.name)
    netlist["ports"]["more"] = {"direction": "input", "bits": [9999]}
    with pytest.raises(ValueError, match="mul/int4xint4/exact/exact/p0: nothing says how port more is driven"):
        drive.plan(spec, netlist)
