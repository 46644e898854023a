"""Where the network runs: CPU, CUDA or Apple MPS."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from scheduler_core.errors import ConfigError, DeviceError


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device and the reason for it, as a sentence."""

    device: torch.device
    reason: str


def presence() -> dict[str, bool]:
    """Return whether each device is on this machine, the CPU first."""
    return {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }


def choose_device(name: str = "auto") -> DeviceChoice:
    """Return the device to use.

    Raises
    ------
    ConfigError
        If the name is not ``auto``, ``cpu``, ``cuda`` or ``mps``.
    DeviceError
        If the device is not on this machine.
    """
    present = presence()
    if name == "auto":
        return _automatic(present)
    if name not in present:
        raise ConfigError(f"device {name!r} is unknown; the devices are auto, {', '.join(present)}")
    if not present[name]:
        found = ", ".join(device for device, here in present.items() if here)
        raise DeviceError(f"device {name!r} is not on this machine; use auto or one of: {found}")
    return DeviceChoice(torch.device(name), f"{name} was asked for")


def _automatic(present: dict[str, bool]) -> DeviceChoice:
    if present["cuda"]:
        name = torch.cuda.get_device_name()
        return DeviceChoice(torch.device("cuda"), f"CUDA is available ({name})")
    if present["mps"]:
        return DeviceChoice(torch.device("mps"), "Apple MPS is available")
    reason = f"no CUDA or MPS device was found; {torch.get_num_threads()} CPU threads"
    return DeviceChoice(torch.device("cpu"), reason)
