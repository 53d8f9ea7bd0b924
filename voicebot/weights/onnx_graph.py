"""Take an ONNX model apart by name, and put a new one together node by node."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from voicebot.errors import WeightsError

_OPSET = 20
_IR_VERSION = 9  # what every onnxruntime since 1.16 reads

Array = npt.NDArray[Any]


class Source:
    """A model that is read from: constants and nodes by name. Raises WeightsError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._model = onnx.load(str(path))
        except Exception as error:  # protobuf's errors have no common base
            raise WeightsError(f"{path}: expected an ONNX model: {error}") from None
        graph = self._model.graph
        self._constants = {constant.name: constant for constant in graph.initializer}
        self._nodes = {node.name: node for node in graph.node}

    def constant(self, name: str) -> Array:
        """The array of this name."""
        if name not in self._constants:
            raise WeightsError(f"{self._path}: expected a constant {name!r}; is it another export?")
        return numpy_helper.to_array(self._constants[name])

    def has(self, name: str) -> bool:
        """Whether there is a constant of this name."""
        return name in self._constants

    def inputs(self, node: str, operator: str) -> list[str]:
        """What the node of this name, which must be an `operator`, is fed."""
        found = self._nodes.get(node)
        if found is None or found.op_type != operator:
            got = found.op_type if found else "none"
            raise WeightsError(f"{self._path}: expected a {operator} named {node!r}, got {got}")
        return list(found.input)

    def attribute(self, node: str, name: str) -> list[int]:
        """An attribute of integers."""
        return next((list(a.ints) for a in self._nodes[node].attribute if a.name == name), [])

    def upto(self, outputs: dict[str, int]) -> onnx.ModelProto:
        """The part of the model that `outputs` (name -> element type) need, and no more."""
        graph = self._model.graph
        made = {name for node in graph.node for name in node.output}
        for name in outputs:
            if name not in made:
                raise WeightsError(f"{self._path}: expected a tensor {name!r}; another export?")
        needed, kept = set(outputs), []
        for node in reversed(graph.node):
            if needed.intersection(node.output):
                kept.append(node)
                needed.update(node.input)
        part = onnx.ModelProto()
        part.CopyFrom(self._model)
        for field in (part.graph.node, part.graph.initializer, part.graph.output):
            del field[:]
        del part.graph.value_info[:]
        part.graph.node.extend(reversed(kept))
        part.graph.initializer.extend(c for c in graph.initializer if c.name in needed)
        for name, kind in outputs.items():
            part.graph.output.append(helper.make_tensor_value_info(name, kind, None))
        return part


class Builder:
    """A model in the making: every call adds something and returns its name."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Add a constant; the same name twice is the same constant."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.asarray(value, dtype), name)
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node with one output."""
        return self.nodes(operator, inputs, [output], **attributes)[0]

    def nodes(
        self, operator: str, inputs: Sequence[str], outputs: list[str], **attributes: Any
    ) -> list[str]:
        """Add a node with several outputs."""
        self._nodes.append(helper.make_node(operator, inputs, outputs, outputs[0], **attributes))
        return outputs

    def first(self, count: int) -> None:
        """Move the `count` nodes added last to the front: others are fed by them."""
        self._nodes = self._nodes[-count:] + self._nodes[:-count]

    def model(
        self, inputs: dict[str, list[int | str]], outputs: Sequence[str], name: str
    ) -> onnx.ModelProto:
        """The finished model; `inputs` are float tensors with their shapes. Raises WeightsError."""
        graph = helper.make_graph(
            self._nodes,
            name,
            [
                helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, s)
                for n, s in inputs.items()
            ],
            [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, None) for n in outputs],
            list(self._constants.values()),
        )
        opset = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION)
        return model
