"""A convolution in 8 bits whose rounding is heard least.

What was lost with one scale for a whole tensor was lost at the outputs: channels differ by two
orders of magnitude, and all convolutions of a residual block are added up. QLinearConv knows one
output scale only, but one for each channel of the weights: a weight scale that is divided by its
channel's output step makes the kernel round every channel in steps of its own, and an offset in
the bias places its zero. DequantizeLinear then takes both back, channel by channel.

Inputs have a scale for each channel, too (SmoothQuant, Xiao et al. 2023): what a channel is
divided by, its weights are multiplied by. How far that goes is chosen for each convolution by the
error it leads one to expect. Weights are symmetric, which the fastest kernels ask for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voicebot.weights.kokoro_ranges import ConvRange
from voicebot.weights.onnx_graph import Array

_BALANCES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)  # 1: the weights bear it all
_STEPS = 255
_WEIGHT_STEPS = 127
OUTPUT_MIDDLE = 128
_LEAST = 1e-9
_MOST_BIAS = 2.0**30


@dataclass(frozen=True)
class Int8Conv:
    """What QuantizeLinear, QLinearConv and DequantizeLinear take; QLinearConv's own steps are 1.

    An input is ``(byte - input_zero) * input_steps``, an output
    ``(byte - output_zeros) * output_steps``; QLinearConv itself gives ``OUTPUT_MIDDLE`` for the
    middle of a channel's range.
    """

    input_steps: Array
    input_zero: int
    weight: Array
    weight_scales: Array
    bias: Array
    output_steps: Array
    output_zeros: Array


def quantised(weight: Array, bias: Array | None, met: ConvRange) -> Int8Conv:
    """`weight` float32 (outputs, inputs, taps), `bias` (outputs,) for the values that are `met`."""
    steps, zero = _input_steps(weight, met)
    scaled = weight * steps[:, None]
    weight_steps = _weight_steps(scaled)
    output_steps = np.maximum((met.output_high - met.output_low) / _STEPS, _LEAST)
    output_zeros = np.clip(np.round(-met.output_low / output_steps), 0, _STEPS)
    offset = (output_zeros - OUTPUT_MIDDLE) * output_steps
    total = offset if bias is None else bias + offset
    return Int8Conv(
        input_steps=steps,
        input_zero=zero,
        weight=np.round(scaled / weight_steps[:, None, None]),
        weight_scales=weight_steps / output_steps,
        bias=np.clip(np.round(total / weight_steps), -_MOST_BIAS, _MOST_BIAS),
        output_steps=output_steps,
        output_zeros=output_zeros,
    )


def _input_steps(weight: Array, met: ConvRange) -> tuple[Array, int]:
    """The steps of the input's channels and their common zero, of least expected error."""
    reach = np.maximum(np.maximum(-met.input_low, met.input_high), _LEAST)
    largest = np.maximum(np.abs(weight).max(axis=(0, 2)), _LEAST)
    tries = []
    for balance in _BALANCES:
        scales = reach**balance / largest ** (1 - balance)
        low, high = (met.input_low / scales).min(), (met.input_high / scales).max()
        step = (high - low) / _STEPS
        tries.append(
            (_expected_error(weight, scales * step, met.input_rms), scales * step, low / step)
        )
    _, steps, low_steps = min(tries, key=lambda one: one[0])
    return steps.astype(np.float32), int(np.clip(round(-float(low_steps)), 0, _STEPS))


def _expected_error(weight: Array, steps: Array, rms: Array) -> float:
    """Of the outputs, squared: uniform rounding of the inputs and of the weights."""
    scaled = weight * steps[:, None]
    of_inputs = np.square(scaled).sum()
    inputs = np.square(rms / steps).sum() * weight.shape[2]
    return float(of_inputs + np.square(_weight_steps(scaled)).sum() * inputs)


def _weight_steps(scaled: Array) -> Array:
    return np.asarray(np.maximum(np.abs(scaled).max(axis=(1, 2)) / _WEIGHT_STEPS, _LEAST))
