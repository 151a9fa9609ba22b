"""One transaction as a waveform: WaveDrom's JSON, with codes that the plays drive and the golden model expects.

Play        the first cycles of it, and what the outputs show
StreamPlay  the first and the last beats; between them, as many cycles as the unit's formula says
CorePlay    the same of a job, after the write that starts it
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rtl_gen import Emitted
from rtl_gen.convention import Convention
from sim.benches.coreplay import CorePlay, Job
from sim.benches.play import Play
from sim.benches.streamplay import StreamPlay

SHOWN = 10
"""Cycles that are drawn of a play."""
ROOM, LONGEST = 5, 14
"""Digits that a cycle has room for, and that are drawn of a code."""
CYCLES = 6
"""Those that are drawn where there is a gap between the first and the last."""
Signals = list[dict[str, Any]]


def waveform(design: Emitted, plays: Sequence[Any]) -> dict[str, Any]:
    """WaveDrom's description of one transaction."""
    return DRAWN[type(plays[0])](design, plays)


def svg(wave: Mapping[str, Any]) -> str:
    """It as a picture."""
    import wavedrom

    # The package draws what it reads from a text.
    return str(wavedrom.render(json.dumps(wave)).tostring())


def wave(name: str, codes: Sequence[int | None], width: int) -> dict[str, Any]:
    """A signal of WaveDrom: a code each cycle, None where nothing is promised."""
    text, data, before = "", [], object()
    for code in codes:
        if code == before:
            text += "."
        elif code is None:
            text += "x"
        elif width == 1:
            text += str(int(code))
        else:
            text += "="
            data.append(shown(code))
        before = code
    return {"name": name, "wave": text, **({"data": data} if data else {})}


def clock(design: Emitted, cycles: int) -> Signals:
    """The clock, if there is one."""
    if not design.manifest["clocking"]:
        return []
    return [{"name": Convention.of(design.manifest).clock, "wave": "p" + "." * (cycles - 1)}]


def _of_play(design: Emitted, plays: Sequence[Play]) -> dict[str, Any]:
    """How the first play begins."""
    play, convention, clocked = plays[0], Convention.of(design.manifest), bool(design.manifest["clocking"])
    widths = {port["name"]: port["width"] for port in design.manifest["ports"]}
    cycles = min(SHOWN + design.manifest["latency"], play.cycles)
    signals = clock(design, cycles)
    for port, codes in play.inputs.items():
        driven = [code if port != "rst" else int(code == convention.active) for code in codes[:cycles]]
        name = convention.names.get(port, port)
        signals.append(wave(name, driven, widths[name]))
    # What comes of a cycle is shown in the next one.
    for names, codes in play.expected.items():
        seen: list[int | None] = [None if code < 0 else code for code in codes]
        after = [None, *seen] if clocked else seen
        signals.append(wave(names.replace("+", " + "), after[:cycles], widths[names.split("+")[0]]))
    return described(signals, f"play {play.name}, from its beginning; codes are hexadecimal")


def _of_streams(design: Emitted, plays: Sequence[StreamPlay]) -> dict[str, Any]:
    """The shortest play whose duration is known: what is offered first, and what comes last."""
    timed = [play for play in plays if play.duration is not None] or list(plays)
    play = min(timed, key=lambda each: sum(map(len, each.inputs.values())))
    widths = {name: told["width"] for name, told in design.manifest["streams"].items()}
    ins = {f"s_axis_{name}": beats for name, beats in play.inputs.items()}
    outs = {f"m_axis_{name}": beats for name, beats in play.expected.items()}
    when = "" if play.duration is None else f", in cycle {play.duration}"
    return described(
        [*clock(design, CYCLES), *_gapped(design, ins, outs, widths)],
        f"play {play.name}: what is offered first, until it is taken, and the last result{when}; codes are hexadecimal",
    )


def _gapped(
    design: Emitted, ins: Mapping[str, list[int]], outs: Mapping[str, list[int]], widths: Mapping[str, int]
) -> Signals:
    """The first beat of each input, a gap, and the last of each output."""
    signals: Signals = []
    for name, beats in ins.items():
        mask = (1 << widths[name]) - 1
        first = beats[0] if beats else 0
        signals.append({"name": f"{name}_tvalid", "wave": "01.|0." if beats else "0..|.."})
        signals.append(
            {"name": f"{name}_tdata", "wave": "x=.|x." if beats else "x..|..", "data": [shown(first & mask)]}
        )
        if design.manifest["streams"][name]["tlast"]:
            signals.append({"name": f"{name}_tlast", "wave": f"x{first >> widths[name]}.|x."})
    for name, beats in outs.items():
        mask = (1 << widths[name]) - 1
        final = beats[-1] if beats else 0
        signals.append({"name": f"{name}_tvalid", "wave": "0..|10"})
        signals.append({"name": f"{name}_tdata", "wave": "x..|=x", "data": [shown(final & mask)]})
        if design.manifest["streams"][name]["tlast"]:
            signals.append({"name": f"{name}_tlast", "wave": f"x..|{final >> widths[name] & 1}x"})
    return signals


def _of_core(design: Emitted, plays: Sequence[CorePlay]) -> dict[str, Any]:
    """The first job with a known duration: the start, the first beats that are offered, and the last result."""
    jobs = [(play, Job(**fields)) for play in plays for fields in play.jobs]
    play, job = next(pair for pair in jobs if pair[1].duration is not None and pair[1].results)
    streams = design.manifest["streams"]
    signals = clock(design, CYCLES)
    low, _ = play.registers["COMMAND"]["parts"]["start"]
    signals += [
        {"name": "s_axil_awaddr", "wave": "x=x|..", "data": [f"{play.registers['COMMAND']['address']:x}"]},
        {"name": "s_axil_wdata", "wave": "x=x|..", "data": [f"{1 << low:x}"]},
        {"name": "s_axil_wvalid", "wave": "010|.."},
    ]
    for name, frames in job.frames.items():
        first = bytes.fromhex(frames[0])[: streams[name]["width"] // 8]
        signals.append({"name": f"{name}_tvalid", "wave": "1..|0."})
        signals.append({"name": f"{name}_tdata", "wave": "=..|x.", "data": [shown(int.from_bytes(first, "little"))]})
    size = streams["m_axis"]["width"] // 8
    final = bytes.fromhex(job.results or "")[-size:]
    signals += [
        {"name": "m_axis_tvalid", "wave": "0..|10"},
        {"name": "m_axis_tdata (bytes kept)", "wave": "x..|=x", "data": [shown(int.from_bytes(final, "little"))]},
        {"name": "m_axis_tlast", "wave": "x..|1x"},
        {"name": "irq", "wave": "0..|.1"},
    ]
    sizes = " x ".join(str(job.settings[part]) for part in "mkn")
    return described(
        signals, f"a run of M x K x N = {sizes}: the last result passes {job.duration} cycles after the start"
    )


def described(signals: Signals, about: str) -> dict[str, Any]:
    """Signals, so wide that codes have room, and a line that says what they are."""
    widest = max((len(text) for signal in signals for text in signal.get("data", ())), default=0)
    return {"signal": signals, "config": {"hscale": max(1, -(-widest // ROOM))}, "about": about}


def shown(code: int) -> str:
    """A code; of one that is long both ends."""
    text = f"{code:x}"
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}...{text[-LONGEST // 2 + 3 :]}"


DRAWN: dict[type, Callable[[Emitted, Sequence[Any]], dict[str, Any]]] = {
    Play: _of_play,
    StreamPlay: _of_streams,
    CorePlay: _of_core,
}
"""What draws a transaction, by the kind of the plays."""
