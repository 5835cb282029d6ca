"""What PYNQ's ``pynq.lib`` has and this package has not: why, and what comes nearest. Names are those behind ``pynq.``."""

from __future__ import annotations

from collections.abc import Mapping

_MICROBLAZE = "programs for MicroBlaze processors are compiled and run on the board, for which this package has no toolchain"
_MAILBOX = "ol.<the processor>.mb_bram_ctrl, an AxiBram, to exchange words with a program that is loaded already"
_PMOD = "its driver is a program for the MicroBlaze of the Pmod connector, which is not delivered here"
_PERIPHERALS = "AxiIIC, AxiGPIO or AxiQuadSPI of pynq.lib, where the design has such a core at the connector"
_CONNECTOR = "it drives the HDMI hardware of a board (clock chips, timing controllers, transceivers)"
_PIPELINE = "pynq.lib.video.hierarchies (VideoIn, VideoOut) with a front end derived from pynq.lib.video.frontend"
_CAMERA = "it drives a MIPI camera and its receiver"
_VDMA = "pynq.lib.video.dma.AxiVDMA, which takes the frames of whatever is at its stream"
_REGISTERS = "ol.<the IP>.register_map, and pynq.lib.video.dma.AxiVDMA for the frames"
_DISPLAY = "the display controller of a board belongs to its Linux kernel (DRM)"
_CODEC = "it drives the audio hardware of a board (a codec chip, or PDM wires)"
_SAMPLES = "ol.<the IP>.register_map for its registers; numpy and scipy.io.wavfile for the samples"

_BOARD_PMODS = ("ADC", "ALS", "Cable", "DAC", "DPOT", "DevMode", "IIC", "IO", "LED8", "OLED", "PWM", "TC1", "TMP2", "Timer")

_FRONT_ENDS = ("HDMIInFrontend", "HDMIOutFrontend", "HdmiRxSs", "HdmiTxSs", "Vphy")

MISSING: Mapping[str, tuple[str, str]] = {
    "lib.audio": (_CODEC, _SAMPLES),
    **{f"lib.{name}": (_CODEC, _SAMPLES) for name in ("Audio", "AudioADAU1761", "AudioDirect")},
    **{
        f"lib.dma.{name}": ("channels have taken its place (2.0)", "dma.sendchannel and dma.recvchannel")
        for name in ("DMA_BIDIRECTIONAL", "DMA_FROM_DEV", "DMA_TO_DEV")
    },
    "lib.cmac": ("the 100G Ethernet subsystem needs transceivers of a board", "ol.<the IP>.register_map, for its registers and counters"),
    "lib.CMAC": ("the 100G Ethernet subsystem needs transceivers of a board", "ol.<the IP>.register_map, for its registers and counters"),
    "lib.logictools": (_MICROBLAZE, "pynq.lib.AxiGPIO for wires, pynq_widgets.scope for what comes through a DMA"),
    "lib.arduino": (_MICROBLAZE, _PERIPHERALS),
    "lib.rpi": (_MICROBLAZE, _PERIPHERALS),
    "lib.pmod": (_PMOD, _PERIPHERALS),
    "lib.Pmod": (_PMOD, _PERIPHERALS),
    **{f"lib.Pmod_{name}": (_PMOD, _PERIPHERALS) for name in _BOARD_PMODS},
    "lib.pybind11": ("C++ is not compiled from a notebook here", "cffi, as the notebook about a driver over a C library does it"),
    "lib.pynqmicroblaze": (_MICROBLAZE, _MAILBOX),
    "lib.PynqMicroblaze": (_MICROBLAZE, _MAILBOX),
    "lib.MicroblazeLibrary": (_MICROBLAZE, _MAILBOX),
    "lib.MicroblazeRPC": (_MICROBLAZE, _MAILBOX),
    "lib.wifi": ("the network of a board belongs to its Linux", "nmcli or wpa_supplicant of the board"),
    "lib.Wifi": ("the network of a board belongs to its Linux", "nmcli or wpa_supplicant of the board"),
    "lib.intf": ("PYNQ has dropped it as well (2.1)", "pynq.lib.AxiGPIO for wires"),
    "lib.video.pcam5c": (_CAMERA, _VDMA),
    "lib.video.common.HLS_AP_CTRL_REGISTER": (
        "control registers of HLS cores come from the design, or from a driver's traits",
        "ip.ap_start and ip.register_map.CTRL of any HLS core",
    ),
    "lib.video.clocks": (_CONNECTOR, "pynq.lib.iic.AxiIIC, to write a clock chip's registers"),
    "lib.video.constants": (_CONNECTOR, "pynq.lib.video.common, for modes and formats"),
    "lib.video.drm": (_DISPLAY, _PIPELINE),
    "lib.video.DrmDriver": (_DISPLAY, _PIPELINE),
    "lib.video.DisplayPort": (_DISPLAY, _PIPELINE),
    "lib.video.dvi": (_CONNECTOR, _PIPELINE),
    **{f"lib.video.{name}": (_CONNECTOR, _PIPELINE) for name in _FRONT_ENDS},
    "lib.video.xilinx_hdmi": (_CONNECTOR, _PIPELINE),
    "lib.video.mipi_camera": (_CAMERA, _VDMA),
    "lib.video.MIPICamera": (_CAMERA, _VDMA),
    "lib.video.MIPIMode": (_CAMERA, "pynq.lib.video.VideoMode"),
    "lib.video.mipi_rx": (_CAMERA, _VDMA),
    "lib.video.sensors": (_CAMERA, "pynq.lib.iic.AxiIIC, to write a sensor's registers"),
    "lib.video.CameraSensor": (_CAMERA, "pynq.lib.iic.AxiIIC, to write a sensor's registers"),
    "lib.video.SENSORS": (_CAMERA, "pynq.lib.iic.AxiIIC, to write a sensor's registers"),
    "lib.video.detect_sensor": (_CAMERA, "pynq.lib.iic.AxiIIC, to read a sensor's registers"),
    "lib.video.OV5640": (_CAMERA, "pynq.lib.iic.AxiIIC, to write a sensor's registers"),
    "lib.video.demosaic": ("it is a stage behind a MIPI camera", _REGISTERS),
    "lib.video.Demosaic": ("it is a stage behind a MIPI camera", _REGISTERS),
    "lib.video.gamma_lut": ("it is a stage behind a MIPI camera", _REGISTERS),
    "lib.video.GammaLut": ("it is a stage behind a MIPI camera", _REGISTERS),
    "lib.video.video_proc_ss": ("it is a stage behind a MIPI camera", _REGISTERS),
    "lib.video.VideoProcessingCSC": ("it is a stage behind a MIPI camera", _REGISTERS),
}
