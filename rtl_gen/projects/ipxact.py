"""IP-XACT (IEEE 1685-2009): a unit with its bus interfaces, as Vivado's catalogue of IP and others read it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from typing import Any

from rtl_gen.projects.project import Project

FILE = "component.xml"
SPIRIT = "http://www.spiritconsortium.org/XMLSchema/SPIRIT/1685-2009"
VENDOR, LIBRARY = "macsmith", "units"
STREAM = ("tdata", "tvalid", "tready", "tlast", "tkeep")
"""The signals of an AXI4-Stream."""
LITE = (
    *("awaddr", "awprot", "awvalid", "awready", "wdata", "wstrb", "wvalid", "wready", "bresp", "bvalid", "bready"),
    *("araddr", "arprot", "arvalid", "arready", "rdata", "rresp", "rvalid", "rready"),
)
"""Those of an AXI4-Lite."""
BUSES: Mapping[str, str] = {"axis": "axis", "axil": "aximm"}


def write(project: Project) -> dict[str, str]:
    """The description of a project's unit, with the files that it is made of."""
    manifest = project.emitted.manifest
    ports = {port["name"]: port for port in manifest["ports"]}
    root = ElementTree.Element(_tag("component"), {})
    _name(root, manifest["module"], manifest["macsmith"])
    interfaces = list(_interfaces(ports))
    if interfaces:
        holder = _add(root, "busInterfaces")
        for interface in interfaces:
            holder.append(interface)
    if any(name.startswith("s_axil_") for name in ports):
        _memory_map(root, manifest)
    _model(root, manifest, ports)
    _files(root, [f"{project.emitted.name}.v"])
    _add(root, "description", f"{manifest['name']}, for target {manifest['target']}")
    ElementTree.register_namespace("spirit", SPIRIT)
    ElementTree.indent(root)
    return {FILE: '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"}


def bundles(ports: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The ports of each bus, by its name and then by the signal's."""
    found: dict[str, dict[str, str]] = {}
    for name in ports:
        if match := re.fullmatch(rf"([sm]_axis(?:_\w+?)?|[sm]_axil)_({'|'.join({*STREAM, *LITE})})", name):
            found.setdefault(match[1], {})[match[2]] = name
    return found


def _tag(name: str) -> str:
    return f"{{{SPIRIT}}}{name}"


def _add(parent: ElementTree.Element, name: str, text: str | None = None, /, **attributes: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, _tag(name), {_tag(key): value for key, value in attributes.items()})
    child.text = text
    return child


def _name(root: ElementTree.Element, name: str, version: str) -> None:
    """Vendor, library, name and version."""
    for key, value in (("vendor", VENDOR), ("library", LIBRARY), ("name", name), ("version", version)):
        _add(root, key, value)


def _interfaces(ports: Mapping[str, Any]) -> Iterator[ElementTree.Element]:
    """Streams, registers, clock and reset."""
    for name, signals in bundles(ports).items():
        lite = "axil" in name
        kind = BUSES["axil" if lite else "axis"]
        interface = _interface(name, "interface", kind, name.startswith("s_"), "memory" if lite else "")
        _map(interface, {signal.upper(): port for signal, port in signals.items()})
        yield interface
    if "clk" in ports:
        interface = _interface("clk", "signal", "clock", True)
        _map(interface, {"CLK": "clk"})
        parameters = _add(interface, "parameters")
        _parameter(parameters, "ASSOCIATED_BUSIF", ":".join(bundles(ports)))
        _parameter(parameters, "ASSOCIATED_RESET", "rst" if "rst" in ports else "")
        yield interface
    if "rst" in ports:
        interface = _interface("rst", "signal", "reset", True)
        _map(interface, {"RST": "rst"})
        _parameter(_add(interface, "parameters"), "POLARITY", "ACTIVE_HIGH")
        yield interface


def _interface(name: str, library: str, kind: str, slave: bool, memory: str = "") -> ElementTree.Element:
    interface = ElementTree.Element(_tag("busInterface"))
    _add(interface, "name", name)
    about = {"vendor": "xilinx.com", "library": library, "version": "1.0"}
    _add(interface, "busType", **{**about, "name": kind})
    _add(interface, "abstractionType", **{**about, "name": f"{kind}_rtl"})
    side = _add(interface, "slave" if slave else "master")
    if memory:
        _add(side, "memoryMapRef", memoryMapRef=memory)
    return interface


def _map(interface: ElementTree.Element, signals: Mapping[str, str]) -> None:
    """Which port is which signal of the bus."""
    holder = _add(interface, "portMaps")
    for logical, physical in signals.items():
        each = _add(holder, "portMap")
        _add(_add(each, "logicalPort"), "name", logical)
        _add(_add(each, "physicalPort"), "name", physical)


def _parameter(holder: ElementTree.Element, name: str, value: str) -> None:
    each = _add(holder, "parameter")
    _add(each, "name", name)
    _add(each, "value", value)


def _memory_map(root: ElementTree.Element, manifest: Mapping[str, Any]) -> None:
    """The registers."""
    holder = _add(_add(root, "memoryMaps"), "memoryMap")
    _add(holder, "name", "memory")
    block = _add(holder, "addressBlock")
    registers = manifest["registers"]
    size = 1 << max(register["address"] for register in registers).bit_length()
    for key, value in (("name", "registers"), ("baseAddress", "0x0"), ("range", str(size)), ("width", "32")):
        _add(block, key, value)
    access = {"constant": "read-only", "read": "read-only", "write": "write-only", "setting": "read-write"}
    for register in registers:
        each = _add(block, "register")
        _add(each, "name", register["name"])
        _add(each, "addressOffset", f"0x{register['address']:x}")
        _add(each, "size", "32")
        _add(each, "access", access[register["access"]])
        for part in register["parts"]:
            field = _add(each, "field")
            _add(field, "name", part["name"])
            _add(field, "description", part["meaning"])
            _add(field, "bitOffset", str(part["low"]))
            _add(field, "bitWidth", str(part["width"]))
    _add(holder, "addressUnitBits", "8")


def _model(root: ElementTree.Element, manifest: Mapping[str, Any], ports: Mapping[str, Any]) -> None:
    """Views and ports."""
    model = _add(root, "model")
    view = _add(_add(model, "views"), "view")
    _add(view, "name", "xilinx_anylanguagesynthesis")
    _add(view, "envIdentifier", ":vivado.xilinx.com:synthesis")
    _add(view, "language", "verilog")
    _add(view, "modelName", manifest["module"])
    _add(_add(view, "fileSetRef"), "localName", "rtl")
    holder = _add(model, "ports")
    for name, port in ports.items():
        each = _add(holder, "port")
        _add(each, "name", name)
        _add(each, "description", port["meaning"])
        wire = _add(each, "wire")
        _add(wire, "direction", "in" if port["direction"] == "input" else "out")
        if port["width"] > 1:
            vector = _add(wire, "vector")
            _add(vector, "left", str(port["width"] - 1))
            _add(vector, "right", "0")


def _files(root: ElementTree.Element, names: list[str]) -> None:
    holder = _add(_add(root, "fileSets"), "fileSet")
    _add(holder, "name", "rtl")
    for name in names:
        each = _add(holder, "file")
        _add(each, "name", name)
        _add(each, "fileType", "verilogSource")
