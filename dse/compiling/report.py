"""README.md of a program: layer by layer what runs where, what it takes, and what is not exact."""

from __future__ import annotations

from collections.abc import Iterator

from dse.compiling.compiler import Compiled
from dse.compiling.program import Placed, Program
from dse.compiling.steps import Step
from hw.formats import Format
from hw.specs.gemm import WIDE


def report(compiled: Compiled) -> str:
    """The page."""
    return "\n".join([*_head(compiled), *_layers(compiled.program), *_host(compiled), *_files(compiled.program)]) + "\n"


def summary(compiled: Compiled) -> str:
    """What a person wants to see at once: the core, a line a step, and how many inputs a second."""
    program = compiled.program
    lines = [str(program.spec), ""]
    for step in program.steps:
        if isinstance(step, Placed):
            m, k, n = step.layer.product.sizes
            said = f"core  {_name(step.layer)}: {_times(step)}{m} x {k} x {n}, {_formats(step)}"
            lines.append(
                f"{said}, {len(step.runs)} run{'s' * (len(step.runs) > 1)}, {step.cycles} cycles{_after(step)}"
            )
            lines += [f"host  {_name(step.layer)}: {work}" for work in _beside(step)]
        else:
            lines.append(f"host  {_name(step)}: {step.words}")
    return "\n".join([*lines, "", *_inexact(program), _speed(compiled)])


def _name(step: Step) -> str:
    return " ".join(step.name.split())


def _times(placed: Placed) -> str:
    groups = placed.layer.product.weights.q.shape[0]
    return f"{groups} times " if groups > 1 else ""


def _formats(placed: Placed) -> str:
    return f"{placed.layer.a.format} x {placed.layer.weights} -> {_result(placed)}"


def _beside(placed: Placed) -> list[str]:
    """What the host does of a layer on the core."""
    work = ["unfold patches (im2col)"] if placed.layer.product.patches is not None else []
    work += ["add sums of pieces of K"] if any(run.k[0] for run in placed.runs) else []
    return [*work, "scale sums"] if placed.layer.behind is None else work


def _result(placed: Placed) -> Format | str:
    behind = placed.layer.behind
    return "sums" if behind is None else behind.quantise.format


def _after(placed: Placed) -> str:
    behind = placed.layer.behind
    return "" if behind is None else f", with bias, scale{' and ReLU' * behind.relu}"


def _speed(compiled: Compiled) -> str:
    program, cycles = compiled.program, compiled.program.cycles
    batch = program.network.shape[0] if program.network.shape else 1
    said = f"{cycles} cycles and {program.moved} bytes of streams for {batch} input{'s' * (batch > 1)}"
    if compiled.mhz is None:
        return f"{said}; what the host does is not counted"
    runs = compiled.mhz * 1e6 / cycles
    lut = f", {compiled.lut:.0f} LUT" if compiled.lut is not None else ""
    rate = f"{batch * runs:.0f} a second at {compiled.mhz:.0f} MHz (both estimated{lut})"
    needs = f"if its streams have {runs * program.moved / 1e6:.0f} MB/s"
    return f"{said}: {rate}, {needs} and the host keeps up, whose work is not counted"


def _inexact(program: Program) -> list[str]:
    """A line for each layer whose scale or bias the core has not exactly."""
    found = []
    for placed in program.layers:
        given = placed.parameters
        if given is not None and (given.scale_error or given.bias_error or given.dead.any()):
            dead = (
                f"; {int(given.dead.sum())} columns of which no sum is seen have bias alone" if given.dead.any() else ""
            )
            found.append(
                f"{_name(placed.layer)}: scales are dyadic to {given.scale_error:.1e} of themselves, biases whole to "
                f"{given.bias_error:.1e} of a code{dead}"
            )
    return [*found, ""] if found else found


def _head(compiled: Compiled) -> Iterator[str]:
    program, network = compiled.program, compiled.program.network
    yield f"# {network.name} on a GEMM core"
    yield ""
    yield f"`{program.spec}`, for {compiled.device.title}. {_speed(compiled)}."
    yield ""
    yield (
        f"Input `{network.input}`, float32 of shape {tuple(network.shape)}; output `{network.output}`, float32 of "
        f"shape {tuple(program.shape)}. Cycles are exact, by the core's formula, when input is always offered."
    )
    yield ""
    if program.spec.output == WIDE:
        why = f": {compiled.why}" if compiled.why else ""
        yield f"The core gives its sums; bias, scale and quantisers are the host's{why}."
    else:
        yield f"The core requantises: a bias and a dyadic scale a column make {program.spec.result} codes of sums."
    yield ""


def _layers(program: Program) -> Iterator[str]:
    yield "## On the core"
    yield ""
    yield "| layer | operator | M x K x N | formats | runs | cycles | scale | bias |"
    yield "|---|---|---|---|---|---|---|---|"
    for placed in program.layers:
        product, given = placed.layer.product, placed.parameters
        m, k, n = product.sizes
        scale, bias = (
            ("on the host", "on the host") if given is None else (_exact(given.scale_error), _exact(given.bias_error))
        )
        yield (
            f"| {_name(placed.layer)} | {product.operator} | {_times(placed)}{m} x {k} x {n} | {_formats(placed)} "
            f"| {len(placed.runs)} | {placed.cycles} | {scale} | {bias} |"
        )
    yield ""
    yield "`scale`: the largest relative error of a dyadic scale. `bias`: of a whole one, in steps of a result's code."
    yield ""


def _exact(error: float) -> str:
    return "exact" if not error else f"{error:.1e}"


def _host(compiled: Compiled) -> Iterator[str]:
    yield "## On the host, in float32"
    yield ""
    for step in compiled.program.steps:
        if not isinstance(step, Placed):
            yield f"- {_name(step)}: {step.words}"
            continue
        yield f"- {_name(step.layer)}: {'; '.join([*_beside(step), 'codes into frames and back'])}"
    yield ""


def _files(program: Program) -> Iterator[str]:
    yield "## Files"
    yield ""
    for name, about in (
        (f"{program.spec.identifier}*.v, .json", "the core: Verilog, and its manifest with ports and registers"),
        ("program.json", "the schedule, as the Python driver reads it"),
        ("weights/frames.bin", "all frames of weights and parameters; program.json has offsets and sizes"),
        ("weights/*.hex", "the same for `$readmemh`, a word of the stream a line"),
        ("driver.h, driver.c", "a driver in C99: `macsmith_run(device, weights, input, output)`"),
        ("driver.py", "a driver in Python, which needs numpy: `Driver(device).run(x)`"),
    ):
        yield f"- `{name}`: {about}"
